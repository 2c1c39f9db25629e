import { channel } from 'node:diagnostics_channel';

/** What every monitor publishes, for tracing tools that know none of them. */
export const channels = {
  silent: channel('tcp-keepalive:silent'),
  heard: channel('tcp-keepalive:heard'),
  gone: channel('tcp-keepalive:gone'),
  snapshot: channel('tcp-keepalive:snapshot'),
};
