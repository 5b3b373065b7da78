/** Where a link may lead from here: the web and mail, by whole addresses only. */
export function targetOf(href: string | undefined): { href: string; shown: string } | null {
  if (!href || !/^(https?:\/\/|mailto:)/i.test(href)) return null;
  try {
    const url = new URL(href);
    // The name before an `@` looks like the host and is none.
    if (url.username || url.password) return null;
    const rest = url.pathname + url.search;
    const where = url.protocol === 'mailto:' ? url.pathname : url.host + (rest === '/' ? '' : rest);
    return { href: url.href, shown: where.length > 80 ? `${where.slice(0, 79)}…` : where };
  } catch {
    return null;
  }
}
