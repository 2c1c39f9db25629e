'use strict';
// What the kernel holds, asked without any code of src/ or native/. JavaScript, for the programs that tests spawn.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { match } = require('./timer-wheel.js');

/**
 * @typedef {import('node:net').Server} Server
 * @typedef {import('node:net').Socket} Socket
 * @typedef {import('tcp-keepalive').KeepaliveProfile} KeepaliveProfile
 */

/**
 * test/native/oracle.cc. The functions of the interposer throw where it is not preloaded.
 * @typedef {object} Oracle
 * @property {(fd: number, level: number, name: number) => number} getOption
 * @property {(fd: number, level: number, name: number, value: number) => number} setOption
 * @property {(fd: number) => number} statusFlags
 * @property {() => number} mallocInUse
 * @property {(call: Call, level: number, name: number, skip: number, times: number, errno: number) => void} refuse
 *   Through the interposer: of these calls `skip` pass, then `times` are refused. 0, 0: a call without an option.
 * @property {() => number} refusals Through the interposer: how many calls were refused since the last `refuse`.
 * @property {(length: number) => void} shortenInfo Through the interposer: the longest answer of TCP_INFO in bytes.
 * @property {(milliseconds: number) => void} sleep Through the interposer: the machine seems to have slept.
 * @property {() => number[][]} takeCalls Through the interposer: [fd, set, level, name, value or -errno] of each socket
 *   option call since the last time.
 * @property {number} SOL_SOCKET
 * @property {number} SO_KEEPALIVE
 * @property {number} IPPROTO_TCP
 * @property {number} TCP_KEEPIDLE
 * @property {number} TCP_KEEPINTVL
 * @property {number} TCP_KEEPCNT
 * @property {number} TCP_INFO
 * @property {number} TCP_USER_TIMEOUT
 * @property {number} O_NONBLOCK
 */

/** The system calls that the interposer can refuse, as it numbers them. */
const Call = /** @type {const} */ ({ getsockopt: 0, setsockopt: 1, socket: 2, close: 3 });
/** @typedef {(typeof Call)[keyof typeof Call]} Call */

const testAddons = path.join(__dirname, '..', 'native', 'build', 'Release');

/** @type {Oracle} */
const oracle = require(path.join(testAddons, 'oracle.node'));

/** In the order of the settings: enabled, initialDelay, interval, count, userTimeout. */
const options = /** @type {const} */ ({
  SO_KEEPALIVE: [oracle.SOL_SOCKET, oracle.SO_KEEPALIVE],
  TCP_KEEPIDLE: [oracle.IPPROTO_TCP, oracle.TCP_KEEPIDLE],
  TCP_KEEPINTVL: [oracle.IPPROTO_TCP, oracle.TCP_KEEPINTVL],
  TCP_KEEPCNT: [oracle.IPPROTO_TCP, oracle.TCP_KEEPCNT],
  TCP_USER_TIMEOUT: [oracle.IPPROTO_TCP, oracle.TCP_USER_TIMEOUT],
});
/** @typedef {keyof typeof options} OptionName */

/** @param {number} level @param {number} name @returns {OptionName | undefined} */
function optionName(level, name) {
  const names = /** @type {OptionName[]} */ (Object.keys(options));
  return names.find((key) => options[key][0] === level && options[key][1] === name);
}

/** The descriptor as Node knows it. @param {Socket | Server} target */
function fdOf(target) {
  const { fd } = /** @type {{ _handle: { fd: number } }} */ (/** @type {unknown} */ (target))._handle;
  if (!(fd >= 0)) throw new Error(`no descriptor: ${fd}`);
  return fd;
}

/** [enabled, idle s, interval s, count, user timeout ms], by raw getsockopt. @param {Socket | Server | number} target */
function held(target) {
  const fd = typeof target === 'number' ? target : fdOf(target);
  return Object.values(options).map(([level, name]) => oracle.getOption(fd, level, name));
}

/** Sets one option behind everybody's back. @param {Socket | Server} target @param {OptionName} option @param {number} value */
function poke(target, option, value) {
  const [level, name] = options[option];
  const answer = oracle.setOption(fdOf(target), level, name, value);
  if (answer !== 0) throw new Error(`${option} = ${value}: errno ${answer}`);
}

/** [enabled, idle s, interval s, count, user timeout ms] that a profile should leave in the kernel. @param {KeepaliveProfile} profile */
function heldBy(profile) {
  const { initialDelay, interval, count, userTimeout = 0 } = profile;
  const timeout = userTimeout === 'match' ? match(profile) : userTimeout;
  return [1, initialDelay / 1000, interval / 1000, count, timeout];
}

/** What settings do, of `held`: while keepalive is off its timing has no effect. @param {readonly number[]} settings */
function effectOf([enabled = NaN, ...rest]) {
  return enabled === 0 ? [0, NaN, NaN, NaN, rest[3]] : [enabled, ...rest];
}

/** The keepalive timer that ss shows for a local port, for example 'keepalive,29sec,0'; undefined where none runs. @param {number} localPort */
function timerShownBySs(localPort) {
  const { stdout, error } = spawnSync('ss', ['-tnoH', 'state', 'established', `sport = :${localPort}`], {
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return /timer:\(([^)]*)\)/.exec(stdout)?.[1];
}

/** The numbers that `ss -i` shows for a connection: `name:1` and `rtt:1.5/0.7`. @param {Socket} socket @returns {Record<string, number>} */
function tcpInfoShownBySs({ localPort, remotePort }) {
  const filter = `sport = :${localPort} and dport = :${remotePort}`;
  const { stdout } = spawnSync('ss', ['-tniH', filter], { encoding: 'utf8' });
  return Object.fromEntries([...stdout.matchAll(/(\w+):([\d.]+)/g)].map(([, name, value]) => [name, Number(value)]));
}

module.exports = {
  ...{
    Call,
    effectOf,
    fdOf,
    held,
    heldBy,
    optionName,
    options,
    oracle,
    poke,
    tcpInfoShownBySs,
    testAddons,
    timerShownBySs,
  },
};
