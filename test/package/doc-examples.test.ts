// Every public name has an example, in its doc comment or in another's; all of them compile and run.
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2Server } from 'node:http2';
import type { Server, Socket } from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { WebSocketServer } from 'ws';
import { compile } from '../support/compile';
import { publicNames, type PublicName } from '../support/public-api.js';
import { listening, tcpPair } from '../support/sockets';

/** What an example takes for granted. */
interface Scope {
  readonly socket: Socket;
  readonly sockets: Socket[];
  readonly server: Server;
  readonly response: ServerResponse;
  readonly webSocketServer: WebSocketServer;
  readonly http2Server: Http2Server;
}
const scopeTypes = `
  import http from 'node:http';
  import type { Http2Server } from 'node:http2';
  import type { Server, Socket } from 'node:net';
  import type { WebSocketServer } from 'ws';
  type Scope = {
    socket: Socket; sockets: Socket[]; server: Server; response: http.ServerResponse; webSocketServer: WebSocketServer;
    http2Server: Http2Server;
  };
`;
interface Example {
  readonly of: PublicName;
  readonly code: string;
}

const { names } = publicNames();
const examples = names.flatMap((of) => examplesOf(of).map((code): Example => ({ of, code })));

function examplesOf({ symbol }: PublicName): string[] {
  const tags = symbol.getJsDocTags().filter(({ name }) => name === 'example');
  return tags.map(({ text }) => {
    const [, code] = /^```ts\n(.*)\n```$/s.exec(ts.displayPartsToString(text)) ?? [];
    if (code === undefined) throw new Error(`the example of ${symbol.name} is no \`\`\`ts block`);
    return code;
  });
}

void t.test('every public function and class has an example, every other public name is in one', async (t) => {
  for (const { specifier, name, symbol, isType } of names) {
    const isCalled = (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class)) !== 0;
    const own = examples.some(({ of }) => of.symbol === symbol);
    const inAny = examples.some(({ code }) => new RegExp(`\\b${name}\\b`).test(code));
    t.ok(isCalled ? own : inAny, `${specifier}: ${isType ? 'type ' : ''}${name}`);
  }
});

/** Each example as a function with a socket, sockets and a server at hand, and every public name imported. */
function program(): string {
  const specifiers = [...new Set(names.map(({ specifier }) => specifier))];
  const imports = specifiers.map((specifier) => {
    const imported = names.filter((known) => known.specifier === specifier);
    return `import { ${imported.map(({ name, isType }) => (isType ? `type ${name}` : name)).join(', ')} } from '${specifier}';`;
  });
  const functions = examples.map(
    ({ code }) =>
      `async ({ socket, sockets, server, response, webSocketServer, http2Server }: Scope) => {\n${code}\n},`,
  );
  return [
    ...imports,
    scopeTypes,
    `export const run: ((scope: Scope) => Promise<void>)[] = [\n${functions.join('\n')}\n];`,
  ].join('\n');
}

function compiled(t: Test): ((scope: Scope) => Promise<void>)[] {
  const folder = compile(t, { 'examples.ts': program() });
  const file = path.join(folder, 'examples.js');
  return (require(file) as { run: ((scope: Scope) => Promise<void>)[] }).run;
}

void t.test('all examples compile and run', async (t) => {
  const run = compiled(t);
  t.equal(run.length, examples.length);
  const output = t.capture(console, 'log');
  for (const [index, { of, code }] of examples.entries()) {
    await t.test(of.name, async (t) => {
      await t.resolves(run[index]!(await scope(t)), code);
    });
  }
  output.restore();
});

async function scope(t: Test): Promise<Scope> {
  const { client: socket, accepted, server } = await tcpPair(t);
  const streams = http.createServer();
  const request = http.get({ port: await listening(t, streams), host: '127.0.0.1', agent: false });
  const [, response] = (await once(streams, 'request')) as [IncomingMessage, ServerResponse];
  t.teardown(() => request.on('error', () => undefined).destroy());
  return {
    socket,
    sockets: [socket, accepted],
    server,
    response,
    webSocketServer: new WebSocketServer({ noServer: true }),
    http2Server: http2.createServer(),
  };
}
