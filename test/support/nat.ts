// A router that translates addresses and forgets idle connections, as that of a home or a carrier does: its clients are in one
// network namespace, itself in another, and servers in that of this process. Linux with nftables; runs in a private namespace.
import { execFileSync, spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { holdNamespace } from './network-namespace.js';

/** Why there can be no such router here, or undefined. */
export function natMissing(): string | undefined {
  if (spawnSync('nft', ['--version']).status !== 0) return 'nft is not installed (nftables)';
  const rules = 'table ip trial { chain translated { type nat hook postrouting priority 100\n masquerade\n }\n }\n';
  const { status, stderr } = spawnSync('nft', ['-f', '-'], { input: rules, encoding: 'utf8' });
  if (status !== 0) return `this kernel does not translate addresses (nft_masq): ${stderr.trim()}`;
  execFileSync('nft', ['delete', 'table', 'ip', 'trial']);
  const { status: known } = spawnSync('sysctl', ['-n', forgets('established')]);
  return known === 0 ? undefined : 'this kernel does not track connections (nf_conntrack)';
}

const forgets = (state: string) => `net.netfilter.nf_conntrack_tcp_timeout_${state}`;

/** What the router does with a packet of a connection that it has forgotten. */
export type Answer = 'nothing' | 'reset' | 'unreachable';

const rejections = {
  nothing: 'drop',
  reset: 'meta l4proto tcp reject with tcp reset',
  unreachable: 'reject with icmp type host-unreachable',
};

export interface Nat {
  /** Of servers in this namespace. */
  readonly address: string;
  /** Starts a program behind the router. */
  spawn(file: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** The command line that runs a program behind the router. */
  readonly enter: readonly string[];
  /** From now on nothing passes, and nothing answers. */
  cut(): void;
  mend(): void;
  /** Seconds after which an idle connection is forgotten from now on. */
  forgetAfter(seconds: number): void;
  close(): Promise<void>;
}

/** `number` tells routers of one namespace apart. */
export async function connectNat(number: number, forgetsAfter: number, answer: Answer = 'nothing'): Promise<Nat> {
  const [router, client] = await Promise.all([holdNamespace(), holdNamespace()]);
  const enter = ({ pid }: ChildProcess) => ['nsenter', '--target', String(pid), '--net'];
  const run = (command: readonly string[], input = '') => {
    execFileSync(command[0]!, command.slice(1), { input, stdio: ['pipe', 'ignore', 'inherit'] });
  };
  const ip = (line: string) => run(['ip', ...line.split(' ')]);
  const inRouter = (...command: string[]) => run([...enter(router), ...command]);
  const nft = (rules: string) => run([...enter(router), 'nft', '-f', '-'], rules);
  const routerIp = (line: string) => inRouter('ip', ...line.split(' '));
  const clientIp = (line: string) => run([...enter(client), 'ip', ...line.split(' ')]);
  const net = { outside: `10.84.${2 * number}`, inside: `10.84.${2 * number + 1}` };
  const cable = { here: `nat${number}s`, router: `nat${number}o`, inside: `nat${number}i`, client: `nat${number}c` };

  ip('link set lo up');
  ip(`link add ${cable.here} type veth peer name ${cable.router}`);
  ip(`link set ${cable.router} netns ${router.pid}`);
  ip(`addr add ${net.outside}.2/24 dev ${cable.here}`);
  ip(`link set ${cable.here} up`);
  routerIp(`link add ${cable.inside} type veth peer name ${cable.client}`);
  routerIp(`link set ${cable.client} netns ${client.pid}`);
  routerIp(`addr add ${net.outside}.1/24 dev ${cable.router}`);
  routerIp(`addr add ${net.inside}.1/24 dev ${cable.inside}`);
  for (const device of ['lo', cable.router, cable.inside]) routerIp(`link set ${device} up`);
  clientIp(`addr add ${net.inside}.2/24 dev ${cable.client}`);
  for (const device of ['lo', cable.client]) clientIp(`link set ${device} up`);
  clientIp(`route add default via ${net.inside}.1`);
  nft(`table ip router {
    chain translated { type nat hook postrouting priority 100
      oifname ${cable.router} masquerade
    }
    chain forwarded { type filter hook forward priority 0
      ct state invalid ${rejections[answer]}
      iifname ${cable.router} ct state new drop
    }
    chain arriving { type filter hook input priority 0
      ct state established,related accept
      iifname ${cable.router} ${rejections[answer]}
    }
  }`);
  const set = (name: string, value: number) => inRouter('sysctl', '-qw', `${name}=${value}`);
  set('net.ipv4.ip_forward', 1);
  // A packet in the middle of a connection that is not known makes it known again by default.
  set('net.netfilter.nf_conntrack_tcp_loose', 0);
  const forgetAfter = (seconds: number) => set(forgets('established'), seconds);
  forgetAfter(forgetsAfter);

  return {
    address: `${net.outside}.2`,
    enter: enter(client),
    spawn: (file, args, options = {}) => spawn('nsenter', [...enter(client).slice(1), file, ...args], options),
    cut: () => nft('table ip cut { chain forwarded { type filter hook forward priority -10; policy drop\n }\n }\n'),
    mend: () => nft('delete table ip cut\n'),
    forgetAfter,
    async close() {
      ip(`link del ${cable.here}`);
      for (const holder of [client, router]) {
        holder.stdin.end();
        await once(holder, 'exit');
      }
    },
  };
}
