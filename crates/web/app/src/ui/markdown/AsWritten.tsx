import { cx } from '../cx';
import { plain } from './plain';

/** A text letter by letter. */
export function AsWritten({ text, className }: { text: string; className?: string }) {
  return <p className={cx('wrap-anywhere whitespace-pre-wrap', className)}>{plain(text)}</p>;
}
