// The one error type of the app: why something that was asked of the server did not happen, and what to do about it.
/** What the server tells of a refusal, as RFC 9457 has it. */
interface Told {
  code: string;
  title: string;
  status: number;
  detail: string;
  [more: string]: unknown;
}

/** Why a request was not carried out. `message` says what is wrong and what to do, as the server words it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** The kind of problem, the same over versions; `offline` if no answer came. */
  readonly code: string;
  /** The kind of problem in words. */
  readonly title: string;
  /** The HTTP status; 0 if no answer came. */
  readonly status: number;
  /** What else the server tells, such as every reason of a refused approval. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor({ code, title, status, detail, ...more }: Told) {
    super(detail);
    this.code = code;
    this.title = title;
    this.status = status;
    this.more = more;
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 503 || this.status === 502;
  }

  /** Each reason by itself, if the server gave several. */
  get reasons(): string[] {
    const list = this.more.reasons ?? this.more.problems;
    if (!Array.isArray(list)) return [];
    return list.flatMap((item: unknown) => (isRecord(item) && typeof item.text === 'string' ? [item.text] : []));
  }
}

export function offline(): RequestError {
  return new RequestError({
    code: 'offline',
    title: 'The server does not answer',
    status: 0,
    detail: 'The server does not answer. What you wrote is still here; try again once it answers, and nothing is carried out twice.',
  });
}

/** Reads a refusal, also of something in between that does not know problem+json. */
export async function problemOf(response: Response): Promise<RequestError> {
  const body: unknown = await response.json().catch(() => null);
  if (isRecord(body) && typeof body.detail === 'string' && typeof body.code === 'string') {
    const title = typeof body.title === 'string' ? body.title : body.code;
    return new RequestError({ ...body, code: body.code, title, detail: body.detail, status: response.status });
  }
  return new RequestError({
    code: `http-${response.status}`,
    title: response.statusText || 'The server refused',
    status: response.status,
    detail: `The server answered ${response.status} ${response.statusText}`.trim() + '; its log says more.',
  });
}

export function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new RequestError({ code: 'unexpected', title: 'This page went wrong', status: 0, detail });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
