import { invalidArgumentType } from '../util/errors.js';
import type { profiles } from './profiles.js';

/** What a connection goes through, and what that does to it when it is idle: an entry of {@link paths}. */
export interface KnownPath {
  /** Milliseconds after which an idle connection is given up. The default, where it can be set. */
  readonly idleTimeout: number;
  /**
   * What follows. `'silent'`: later packets vanish. `'reset'`: later packets are answered with a RST. `'close'`: both
   * connections are closed.
   */
  readonly afterwards: 'silent' | 'reset' | 'close';
  /** Whether a keepalive probe starts the idle timer anew. false: the path ends TCP, and only data does. */
  readonly probesCount: boolean;
  /** The name of a profile for it; null where only a heartbeat helps. */
  readonly profile: keyof typeof profiles | null;
  /** Where it is documented or was measured. */
  readonly source: string;
  /** When the source was read, or when it measured. */
  readonly asOf: string;
}

const minutes = 60_000;

function table<Name extends string>(entries: Record<Name, KnownPath>): Readonly<Record<Name, KnownPath>> {
  for (const entry of Object.values<KnownPath>(entries)) Object.freeze(entry);
  return Object.freeze(entries);
}

/**
 * Idle timeouts of what connections go through, frozen. {@link checkProfile} and {@link planKeepalive} take them by name
 * (`path`). They are what the vendors document, not measurements of this package; where a timeout can be set the number is
 * its default, and an `idleTimeout` beside the `path` takes its place.
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
    profile: 'cloudLoadBalancer',
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html',
    asOf: '2026-12',
  },
  /** TLS listeners of a Network Load Balancer. Fixed. It ends TLS, and passes probes on. */
  'aws-nlb-tls': {
    idleTimeout: 350_000,
    afterwards: 'reset',
    probesCount: true,
    profile: 'cloudLoadBalancer',
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html',
    asOf: '2026-12',
  },
  /** Fixed. */
  'aws-nat-gateway': {
    idleTimeout: 350_000,
    afterwards: 'reset',
    probesCount: true,
    profile: 'cloudLoadBalancer',
    source: 'https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html',
    asOf: '2026-12',
  },
  /** From 60 to 6,000 s by the firewall's policy. */
  'aws-network-firewall': {
    idleTimeout: 350_000,
    afterwards: 'silent',
    probesCount: true,
    profile: 'cloudLoadBalancer',
    source: 'https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_FlowTimeouts.html',
    asOf: '2026-12',
  },
  /** Can be set. HTTP/2 PING frames do not count either. */
  'aws-alb': {
    idleTimeout: 60_000,
    afterwards: 'close',
    probesCount: false,
    profile: null,
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html',
    asOf: '2026-12',
  },
  /** Can be set for each rule, and so can a RST when the time is over. */
  'azure-load-balancer': {
    idleTimeout: 4 * minutes,
    afterwards: 'silent',
    probesCount: true,
    profile: 'cloudLoadBalancer',
    source: 'https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset',
    asOf: '2026-12',
  },
  /** From 4 to 120 minutes. */
  'azure-nat-gateway': {
    idleTimeout: 4 * minutes,
    afterwards: 'reset',
    probesCount: true,
    profile: 'cloudLoadBalancer',
    source: 'https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource',
    asOf: '2026-12',
  },
  /** The connection tracking of each VPC network. Fixed. */
  'google-vpc': {
    idleTimeout: 10 * minutes,
    afterwards: 'silent',
    probesCount: true,
    profile: 'eventStream',
    source: 'https://cloud.google.com/compute/docs/troubleshooting/general-tips',
    asOf: '2026-12',
  },
  /** Established connections; can be set. The 10 minutes of `'google-vpc'` are shorter. */
  'google-cloud-nat': {
    idleTimeout: 20 * minutes,
    afterwards: 'silent',
    probesCount: true,
    profile: 'lowPower',
    source: 'https://cloud.google.com/nat/docs/tune-nat-configuration',
    asOf: '2026-12',
  },
  /** Proxy read timeout, between Cloudflare and the origin server. Can be set in some plans. */
  cloudflare: {
    idleTimeout: 100_000,
    afterwards: 'close',
    probesCount: false,
    profile: null,
    source: 'https://developers.cloudflare.com/fundamentals/reference/connection-limits/',
    asOf: '2026-12',
  },
  /** `proxy_read_timeout`, which also ends proxied WebSockets. */
  nginx: {
    idleTimeout: 60_000,
    afterwards: 'close',
    probesCount: false,
    profile: null,
    source: 'https://nginx.org/en/docs/http/websocket.html',
    asOf: '2026-12',
  },
  /** nf_conntrack_tcp_timeout_established: NAT and stateful filters of Linux, Docker's and kube-proxy's too. */
  'linux-conntrack': {
    idleTimeout: 432_000_000,
    afterwards: 'silent',
    probesCount: true,
    profile: 'lowPower',
    source: 'https://docs.kernel.org/networking/nf_conntrack-sysctl.html',
    asOf: '2026-12',
  },
  /** What RFC 5382 (REQ-5) asks of a NAT: 2 h 4 min at least. Many keep connections for a shorter time. */
  'rfc-5382-nat': {
    idleTimeout: 124 * minutes,
    afterwards: 'silent',
    probesCount: true,
    profile: 'lowPower',
    source: 'https://www.rfc-editor.org/rfc/rfc5382#section-5',
    asOf: '2008-10',
  },
  /**
   * A mobile carrier's NAT. 270 s worked with a French carrier in 2020, and 9 minutes did not. There is no safe number: of
   * 73 carriers measured in 2011 (the source) 11 were below 10 minutes, 4 of them at or below 5.
   */
  'mobile-carrier': {
    idleTimeout: 270_000,
    afterwards: 'silent',
    probesCount: true,
    profile: 'mobileNat',
    source: 'https://doi.org/10.1145/2018436.2018479',
    asOf: '2011-08',
  },
});

/** The names of {@link paths}. */
export type PathName = keyof typeof paths;

/** An argument that is one of the names, or absent. */
export function checkedPathName(name: string, value: PathName | undefined): PathName | undefined {
  if (value === undefined || (typeof value === 'string' && Object.hasOwn(paths, value))) return value;
  throw invalidArgumentType(name, `one of ${Object.keys(paths).join(', ')}`, value);
}
