/** What one event of an event stream says. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/** Parses the text of an event stream as the WHATWG HTML standard has it, in chunks that may end anywhere. */
export class EventStreamParser {
  /** The id of the last event that was complete. */
  lastEventId: string;
  /** What the server's last `retry:` said, in milliseconds. */
  retry = 0;
  #rest = '';
  #afterCarriageReturn = false;
  #id: string;
  #type = '';
  #data = '';

  constructor(lastEventId = '') {
    this.lastEventId = this.#id = lastEventId;
  }

  /**
   * Yields the events that this chunk completes, each before it looks at the next. An event without its blank line is
   * not complete.
   */
  *push(chunk: string): Generator<StreamEvent, void> {
    if (chunk === '') return;
    const text = this.#afterCarriageReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk;
    this.#afterCarriageReturn = chunk.endsWith('\r');
    const lines = text.split(/\r\n|\r|\n/);
    lines[0] = this.#rest + lines[0]!;
    this.#rest = lines.pop()!;
    for (const line of lines) {
      if (line === '') yield* this.#dispatch();
      else this.#field(line);
    }
  }

  #field(line: string): void {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
    if (name === 'data') this.#data += value + '\n';
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
  }

  #dispatch(): StreamEvent[] {
    const type = this.#type || 'message';
    const data = this.#data;
    this.#type = this.#data = '';
    this.lastEventId = this.#id;
    return data === '' ? [] : [{ type, data: data.slice(0, -1), lastEventId: this.#id }];
  }
}
