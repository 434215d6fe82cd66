import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import 'sottovoce/element';
import type {} from 'sottovoce/react';

function App() {
  const [said, setSaid] = useState('nothing yet');
  return (
    <main>
      <speech-emotion model="mfcc1" files onresult={({ detail }) => setSaid(detail.headline)} />
      <p id="said">{said}</p>
    </main>
  );
}

// @ts-expect-error There is no such model.
export const wrong = <speech-emotion model="other" />;

createRoot(document.getElementById('app')!).render(<App />);
