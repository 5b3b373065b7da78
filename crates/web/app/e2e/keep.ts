// Keeps a place up until it is interrupted, with two sprints: one at work and one that waits for an answer.
import { openPlace } from './place.ts';
import { atWork } from './story.ts';

const place = await openPlace('house', { port: Number(process.env.PORT ?? 0) });
atWork(place);
place.team6('sprint', 'plan', 'shop', 'A shed for the tools.');
console.log(JSON.stringify({ url: place.url, token: place.token, folder: place.folder }));
const stop = () => void place.close().then(() => process.exit(0));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
