/** `<speech-emotion>` in JSX, for React 19: `import type {} from 'sottovoce/react'`. */

import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { SpeechEmotionAttributes, SpeechEmotionElement, SpeechEmotionEventMap } from './element.d.ts';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'speech-emotion': DetailedHTMLProps<HTMLAttributes<SpeechEmotionElement>, SpeechEmotionElement> & SpeechEmotionAttributes & {
        onresult?: (event: SpeechEmotionEventMap['result']) => void;
        onprogress?: (event: SpeechEmotionEventMap['progress']) => void;
        onerror?: (event: SpeechEmotionEventMap['error']) => void;
      };
    }
  }
}
