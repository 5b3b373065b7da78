// Keeps a place up until it is interrupted: two sprints, one at work and one that waits for an answer, or with `STORY=desk`
// a delivery to two repositories that waits for review, or with `STORY=clash` deliveries that conflict.
import { addLib, delivered } from './desk.ts';
import { openPlace } from './place.ts';
import { atWork } from './story.ts';

const story = process.env.STORY ?? 'house';
const place = await openPlace(story, { port: Number(process.env.PORT ?? 0) });
if (story === 'desk') {
  addLib(place);
  place.team6('repo', 'check', 'add', 'shop', 'app', 'total', 'echo sums are right; test -e src/money.rs');
  delivered(place, 2);
} else if (story === 'clash') {
  delivered(place, 4);
} else {
  atWork(place);
  place.team6('sprint', 'plan', 'shop', 'A shed for the tools.');
}
console.log(JSON.stringify({ url: place.url, token: place.token, folder: place.folder }));
const stop = () => void place.close().then(() => process.exit(0));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
