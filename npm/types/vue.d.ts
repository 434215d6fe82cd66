/** `<speech-emotion>` in templates of Vue 3: `import type {} from 'sottovoce/vue'`. */

import type { DefineComponent } from 'vue';
import type { SpeechEmotionAttributes, SpeechEmotionEventMap } from './element.d.ts';

declare module 'vue' {
  interface GlobalComponents {
    'speech-emotion': DefineComponent<SpeechEmotionAttributes & {
      onResult?: (event: SpeechEmotionEventMap['result']) => void;
      onProgress?: (event: SpeechEmotionEventMap['progress']) => void;
      onError?: (event: SpeechEmotionEventMap['error']) => void;
    }>;
  }
}
