// The hub as a SharedWorker, which all tabs of the browser share.
import { Hub } from './hub';

declare const self: SharedWorkerGlobalScope;

const hub = new Hub();

self.onconnect = (event) => {
  const [port] = event.ports;
  if (port) hub.join(port);
};
