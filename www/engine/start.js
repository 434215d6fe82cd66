// Requests what every page needs of the engine, while the browser still loads the page's own modules.

import { requestEngine } from './assets.js';
import { sealed } from './sealed.js';

requestEngine();
// Asked for again by the engine, which says so if it fails.
sealed().catch(() => {});
