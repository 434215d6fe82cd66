// The engine for embedding pages, in a hidden frame of this site: answers messages from the element. It has no microphone.

import { answers } from './answers.js';
import { answerEmbedder } from './embedder.js';

answerEmbedder(answers);

// Requested at once; if that fails, again with the first message.
answers.hello().catch(() => {});
