// Markdown as elements, never as markup: HTML in it stays text, a picture is named and not loaded, a link says where it
// leads, and what cannot be read in bounded time is shown as it was written.
import { Component, type ReactNode } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { cx } from '../cx';
import { AsWritten } from './AsWritten';
import { targetOf } from './target';
import { isReadable, plain } from './plain';
import './markdown.css';

interface Props {
  text: string;
  className?: string;
}

export function Rendered({ text, className }: Props) {
  const shown = plain(text);
  const written = <AsWritten text={text} className={className} />;
  if (!isReadable(shown)) return written;
  return (
    <OrElse instead={written}>
      <div className={cx('markdown', className)}>
        <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
          {shown}
        </ReactMarkdown>
      </div>
    </OrElse>
  );
}

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  // A page has its own headings; those of a text stand below them.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  a: ({ href, children }) => <Target href={href}>{children}</Target>,
  img: ({ src, alt }) => (
    <Target href={typeof src === 'string' ? src : undefined}>picture{alt ? ` “${alt}”` : ''}, not loaded</Target>
  ),
  // What is wider than the page is moved within itself, also by keyboard.
  pre: ({ children }) => (
    <pre tabIndex={0} role="region" aria-label="Code">
      {children}
    </pre>
  ),
  table: ({ children }) => (
    <div tabIndex={0} role="region" aria-label="Table" className="scroll">
      <table>{children}</table>
    </div>
  ),
  input: ({ checked }) => (
    <span role="img" aria-label={checked ? 'done' : 'open'}>
      {checked ? '☑' : '☐'}
    </span>
  ),
};

/** A link that says where it leads; one that leads nowhere a browser may go is only its words. */
function Target({ href, children }: { href: string | undefined; children: ReactNode }) {
  const target = targetOf(href);
  if (target === null)
    return (
      <>
        {children}
        {href ? <span className="target"> ({href.slice(0, 120)})</span> : null}
      </>
    );
  const says = typeof children === 'string' && children === href;
  return (
    <>
      <a href={target.href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
      {!says && <span className="target"> ({target.shown})</span>}
    </>
  );
}

/** What its reader cannot read breaks nothing around it. */
class OrElse extends Component<{ children: ReactNode; instead: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    return this.state.failed ? this.props.instead : this.props.children;
  }
}
