// Whether this browser tells by notifications of the system what comes into the inbox: chosen per browser, and kept there.
const KEPT = 'team6.notify';
let listeners: (() => void)[] = [];

/** Whether browsers let this page notify at all: only on this machine, or over TLS. */
export function canNotify(): boolean {
  return typeof Notification !== 'undefined' && isSecureContext && Notification.permission !== 'denied';
}

export function isWished(): boolean {
  return localStorage.getItem(KEPT) === 'on' && canNotify() && Notification.permission === 'granted';
}

/** Answers whether it is as wished: a browser asks its user, who may say no. */
export async function wish(on: boolean): Promise<boolean> {
  const granted = on && (await Notification.requestPermission()) === 'granted';
  localStorage.setItem(KEPT, granted ? 'on' : 'off');
  for (const listener of listeners) listener();
  return granted === on;
}

export function onWish(listener: () => void): () => void {
  listeners = [...listeners, listener];
  return () => {
    listeners = listeners.filter((each) => each !== listener);
  };
}
