/** `<speech-emotion>` in components of Svelte 5: `import type {} from 'sottovoce/svelte'`. */

import type { HTMLAttributes } from 'svelte/elements';
import type { SpeechEmotionAttributes, SpeechEmotionElement, SpeechEmotionEventMap } from './element.d.ts';

declare module 'svelte/elements' {
  export interface SvelteHTMLElements {
    'speech-emotion': Omit<HTMLAttributes<SpeechEmotionElement>, 'onprogress' | 'onerror'> & SpeechEmotionAttributes & {
      onresult?: (event: SpeechEmotionEventMap['result']) => void;
      onprogress?: (event: SpeechEmotionEventMap['progress']) => void;
      onerror?: (event: SpeechEmotionEventMap['error']) => void;
    };
  }
}
