import { assertKnownFields, assertNumber, assertObject } from '../util/arguments.js';
import { invalidArgumentType, outOfRange } from '../util/errors.js';
import type { profiles } from './profiles.js';

/** A part of the path of a connection, and what it does to an idle connection: an entry of {@link paths}. */
export interface KnownPath {
  /** Milliseconds after which an idle connection is given up. The default, where it can be set. */
  readonly idleTimeout: number;
  /**
   * What happens then. `'silent'`: later packets vanish. `'reset'`: later packets are answered with a RST. `'close'`:
   * both connections are closed.
   */
  readonly afterwards: 'silent' | 'reset' | 'close';
  /** Whether a keepalive probe starts the idle timer anew. false: only data does. */
  readonly probesCount: boolean;
  /** Whether it ends TCP: then it answers the probes itself, and they tell nothing about the peer behind it. */
  readonly endsTcp: boolean;
  /** The name of a profile for this path. null where only a heartbeat helps. */
  readonly profile: keyof typeof profiles | null;
  /** Where it is documented. */
  readonly source: string;
  /** The date that the source gives itself, or else when a copy of it was read. */
  readonly asOf: string;
}

const minutes = 60_000;

function table<Name extends string>(entries: Record<Name, KnownPath>): Readonly<Record<Name, KnownPath>> {
  for (const entry of Object.values<KnownPath>(entries)) Object.freeze(entry);
  return Object.freeze(entries);
}

/**
 * Idle timeouts of well-known load balancers, NATs and proxies, frozen. {@link checkProfile} and {@link planKeepalive}
 * take them by name (`path`). They are what the vendors document, not measurements of this package. Where a timeout can
 * be set, the number is its default, and an `idleTimeout` beside the `path` replaces it.
 *
 * @example
 * ```ts
 * const name: PathName = 'aws-nlb';
 * const { idleTimeout, afterwards, probesCount }: KnownPath = paths[name]; // 350000, 'reset', true
 * const plan = planKeepalive({ detectWithin: 600_000, path: name });
 * ```
 */
export const paths = table({
  /** TCP listeners of a Network Load Balancer. From 60 to 6,000 s by the listener's attribute. */
  'aws-nlb': {
    idleTimeout: 350_000,
    afterwards: 'reset',
    probesCount: true,
    endsTcp: false,
    profile: 'cloudLoadBalancer',
    source:
      'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html#connection-idle-timeout',
    asOf: '2026-12',
  },
  /**
   * TLS listeners of a Network Load Balancer. Fixed. The balancer ends TCP, but a probe from either side counts: it
   * then probes both sides itself, every 20 s. An answer proves that the balancer is there, not the peer behind it.
   */
  'aws-nlb-tls': {
    idleTimeout: 350_000,
    afterwards: 'reset',
    probesCount: true,
    endsTcp: true,
    profile: 'cloudLoadBalancer',
    source:
      'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html#connection-idle-timeout',
    asOf: '2026-12',
  },
  /** Fixed. The RST is documented at https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-comparison.html. */
  'aws-nat-gateway': {
    idleTimeout: 350_000,
    afterwards: 'reset',
    probesCount: true,
    endsTcp: false,
    profile: 'cloudLoadBalancer',
    source: 'https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html',
    asOf: '2026-12',
  },
  /** From 60 to 6,000 s by the firewall's policy. */
  'aws-network-firewall': {
    idleTimeout: 350_000,
    afterwards: 'silent',
    probesCount: true,
    endsTcp: false,
    profile: 'cloudLoadBalancer',
    source: 'https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_FlowTimeouts.html',
    asOf: '2026-12',
  },
  /** Can be set. HTTP/2 PING frames do not count either. */
  'aws-alb': {
    idleTimeout: 60_000,
    afterwards: 'close',
    probesCount: false,
    endsTcp: true,
    profile: null,
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html',
    asOf: '2026-12',
  },
  /** From 4 to 100 minutes for each rule, which can also ask for a RST when the time is over. */
  'azure-load-balancer': {
    idleTimeout: 4 * minutes,
    afterwards: 'silent',
    probesCount: true,
    endsTcp: false,
    profile: 'cloudLoadBalancer',
    source: 'https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset',
    asOf: '2024-07',
  },
  /** From 4 to 120 minutes. */
  'azure-nat-gateway': {
    idleTimeout: 4 * minutes,
    afterwards: 'reset',
    probesCount: true,
    endsTcp: false,
    profile: 'cloudLoadBalancer',
    source: 'https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource',
    asOf: '2023-07',
  },
  /** The connection tracking of each VPC network: arriving packets vanish until the instance sends something. Fixed. */
  'google-vpc': {
    idleTimeout: 10 * minutes,
    afterwards: 'silent',
    probesCount: true,
    endsTcp: false,
    profile: 'eventStream',
    source: 'https://cloud.google.com/compute/docs/troubleshooting/general-tips',
    asOf: '2025-08',
  },
  /**
   * Proxy Read Timeout, between Cloudflare and the origin server; can be set in some plans. It was 100 s before: stay below
   * that if you can. Between client and Cloudflare an idle connection is closed after 400 s.
   */
  cloudflare: {
    idleTimeout: 120_000,
    afterwards: 'close',
    probesCount: false,
    endsTcp: true,
    profile: null,
    source: 'https://developers.cloudflare.com/fundamentals/reference/connection-limits/',
    asOf: '2026-07',
  },
  /** `proxy_read_timeout`, which also ends proxied WebSockets: the server behind it has to send something. */
  nginx: {
    idleTimeout: 60_000,
    afterwards: 'close',
    probesCount: false,
    endsTcp: true,
    profile: null,
    source: 'https://nginx.org/en/docs/http/websocket.html',
    asOf: '2026-12',
  },
  /**
   * nf_conntrack_tcp_timeout_established: NAT and stateful filters of Linux. Seen on Linux 6.18 with a masquerade:
   * packets from outside are answered with a RST unless a filter drops them, and packets from inside are tracked again.
   */
  'linux-conntrack': {
    idleTimeout: 432_000_000,
    afterwards: 'reset',
    probesCount: true,
    endsTcp: false,
    profile: 'lowPower',
    source: 'https://docs.kernel.org/networking/nf_conntrack-sysctl.html',
    asOf: '2026-12',
  },
  /** The least that RFC 5382 (REQ-5) requires of a NAT: 2 h 4 min. Many keep connections for a shorter time. */
  'rfc-5382-nat': {
    idleTimeout: 124 * minutes,
    afterwards: 'silent',
    probesCount: true,
    endsTcp: false,
    profile: 'lowPower',
    source: 'https://www.rfc-editor.org/rfc/rfc5382#section-5',
    asOf: '2008-10',
  },
});

/** The names of {@link paths}. */
export type PathName = keyof typeof paths;

/** Checks an argument that is one of the names, or absent. */
export function checkedPathName(name: string, value: PathName | undefined): PathName | undefined {
  if (value === undefined || (typeof value === 'string' && Object.hasOwn(paths, value))) return value;
  throw invalidArgumentType(name, `one of ${Object.keys(paths).join(', ')}`, value);
}

/** The path on which a profile is to be used, for {@link checkProfile}. */
export interface KeepalivePath {
  /**
   * What the connections go through, by its name in {@link paths}. It gives the `idleTimeout`, and whether probes count
   * there.
   */
  readonly path?: PathName | undefined;
  /**
   * The shortest idle timeout in the path: milliseconds after which a NAT or load balancer forgets an idle connection.
   * Default: that of `path`.
   */
  readonly idleTimeout?: number | undefined;
  /** How many connections of one machine hold the profile. */
  readonly connections?: number | undefined;
  /**
   * What the connections go through on this machine. `'loopback'` and `'veth'` (containers) put arriving packets into a
   * backlog, which can overflow; other devices do not.
   */
  readonly device?: 'loopback' | 'veth' | 'other' | undefined;
  /** Milliseconds after which the application sends something on a silent connection: a heartbeat's `interval`. */
  readonly heartbeat?: number | undefined;
}

const devices = ['loopback', 'veth', 'other'] as const;
const pathFields = ['path', 'idleTimeout', 'connections', 'device', 'heartbeat'];

/** Checks a path. Reads each field once: a getter can return another value the second time. */
export function checkedPath(path: KeepalivePath): KeepalivePath {
  assertObject('path', path);
  assertKnownFields('path', path, pathFields);
  const { path: given, idleTimeout, connections, heartbeat, device } = path;
  const name = checkedPathName('path.path', given);
  for (const [name, value] of Object.entries<unknown>({ idleTimeout, connections, heartbeat })) {
    if (value === undefined) continue;
    assertNumber(`path.${name}`, value);
    if (!(value >= 0 && value < Infinity)) throw outOfRange(`path.${name}`, '0 or more', value);
  }
  if (device !== undefined && !devices.includes(device)) {
    throw invalidArgumentType('path.device', devices.map((known) => `'${known}'`).join(' or '), device);
  }
  const known = name === undefined ? undefined : paths[name].idleTimeout;
  return { path: name, idleTimeout: idleTimeout ?? known, connections, heartbeat, device };
}
