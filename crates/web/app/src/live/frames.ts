// Reads server-sent events out of a stream of text, whose pieces end anywhere.

export interface Frame {
  /** The id, if it has one; it is given again as `Last-Event-ID`. */
  id: string | null;
  event: string;
  data: string;
}

/** A reader that is fed pieces and gives the frames which they complete. Comments are signs of life only. */
export function frameReader(): (piece: string) => Frame[] {
  let rest = '';
  let id: string | null = null;
  let event = '';
  let data: string[] = [];

  const line = (text: string): Frame | null => {
    if (text === '') {
      const frame = data.length > 0 ? { id, event: event || 'message', data: data.join('\n') } : null;
      id = null;
      event = '';
      data = [];
      return frame;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    return null;
  };

  return (piece) => {
    const frames: Frame[] = [];
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      const frame = line(text.endsWith('\r') ? text.slice(0, -1) : text);
      if (frame) frames.push(frame);
    }
    return frames;
  };
}
