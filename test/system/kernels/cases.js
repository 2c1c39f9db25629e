'use strict';
// What is done to connections, and what the package promises of them. Times in milliseconds.

/**
 * @typedef {import('tcp-keepalive').KeepaliveProfile} Profile
 *
 * @typedef {object} Step
 * @property {number} at after the last peer has connected
 * @property {'cut' | 'mend' | 'lose' | 'write' | 'speak' | 'retune' | 'retune all'} act on the path, at this side, by the
 *   peers; 'lose': 30 % of what this side sends
 * @property {Profile} [profile] to re-tune to
 *
 * @typedef {object} Promised of each connection
 * @property {number} [alive] not given up before, counted from the last peer's connecting
 * @property {'heard' | 'write' | 'retune'} [since] given up, by a bound that is counted from the last of these
 * @property {'idle' | 'inFlight' | 'atMost'} [within] the bound of `detectionTime`
 * @property {boolean} [probed] and not before `count` probes went out since
 * @property {string} [likeCase] live ones are lost to chance alone: no more than in that case, and a tenth of all
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {number} peers
 * @property {number} spread over which they connect: their last answers fall into different moments of a bucket
 * @property {Profile} profile applied when they connect
 * @property {Step[]} steps
 * @property {Promised} promised
 * @property {number} until after the last peer has connected
 */

/**
 * How many cases there are: those of about a minute, which CI runs on its own kernel; those of seven minutes; all.
 * @typedef {'short' | 'normal' | 'long'} Form
 */

/** @returns {Profile} */
function profile(
  /** @type {number} */ delay,
  /** @type {number} */ interval,
  /** @type {number} */ count,
  userTimeout = /** @type {number | 'match'} */ ('match'),
) {
  return { initialDelay: delay * 1000, interval: interval * 1000, count, userTimeout };
}

/** @param {Profile} profile */
function named({ initialDelay, interval, count, userTimeout }) {
  const timing = `${initialDelay / 1000}/${interval / 1000}/${count}`;
  if (userTimeout === 'match') return timing;
  return userTimeout === 0 ? `${timing}, by count` : `${timing}, user timeout ${Number(userTimeout) / 1000}`;
}

/** No promise is longer, with room for one that is broken. @param {Profile} profile */
function surelyOver({ initialDelay, interval, count, userTimeout }) {
  const longest = Math.max(initialDelay, interval) + (count + 1) * interval;
  return 1.3 * (Math.max(longest, Number(userTimeout) || 0) + 5000);
}

/**
 * Peers that vanish; nothing is written.
 * @param {Profile} profile @param {number} peers @param {number} spread @returns {Case}
 */
function vanish(profile, peers, spread, answered = 0) {
  return {
    name: `vanished: ${named(profile)}`,
    peers,
    spread,
    profile,
    steps: [{ at: answered, act: 'cut' }],
    promised: {
      since: 'heard',
      within: 'idle',
      probed: typeof profile.userTimeout !== 'number' || profile.userTimeout === 0,
    },
    until: answered + surelyOver(profile),
  };
}

/** Delays beside the ends of the wheel's levels: 5.04 and 40.3 s at HZ 100, 16.1 at 250, 13.4 at 300, 4.03 and 32.3 at 1000. */
const besideLevels = [4, 5, 6, 13, 14, 16, 17, 32, 41];

const short = profile(2, 1, 4);
/** Of `short`: the last probe goes out later than this after a re-tune, and is answered. */
const patience = 4600;
const silence = 12_000;

/**
 * Live peers behind a path that answers nothing for the whole patience of the profile that they are re-tuned to, and then
 * does. Later they vanish, and are noticed in time.
 * @param {string} name @param {Profile} before @param {Step[]} earlier @param {number} at @param {Profile} [after]
 * @returns {Case}
 */
function outage(
  name,
  before,
  earlier,
  at,
  after = short,
  { peers = 24, spread = 1000, act = /** @type {Step['act']} */ ('retune') } = {},
) {
  const answering = at + patience + 8000;
  return {
    name: `re-tuned, ${name}`,
    peers,
    spread,
    profile: before,
    steps: [...earlier, { at, act, profile: after }, { at: at + patience, act: 'mend' }, { at: answering, act: 'cut' }],
    promised: { alive: answering, since: 'heard', within: 'idle', probed: true },
    until: answering + surelyOver(after),
  };
}

/**
 * Vanished peers that are re-tuned.
 * @param {string} name @param {Profile} before @param {Step[]} earlier @param {number} at @returns {Case}
 */
function vanishedBefore(
  name,
  before,
  earlier,
  at,
  promised = /** @type {Promised} */ ({ since: 'retune', within: 'idle', probed: true }),
) {
  return {
    name: `vanished, then re-tuned, ${name}`,
    peers: 24,
    spread: 1000,
    profile: before,
    steps: [...earlier, { at, act: 'retune', profile: short }],
    promised,
    until: at + 2 * surelyOver(short),
  };
}

/** @param {string} name @param {Step[]} steps @param {string} [likeCase] @returns {Case} */
function lossy(name, steps, likeCase) {
  return {
    name: `30 % lost: ${name}`,
    peers: 100,
    spread: 2000,
    profile: profile(60, 20, 3),
    steps: [{ at: silence - 3000, act: 'lose' }, ...steps],
    promised: { alive: silence + 9000, ...(likeCase === undefined ? {} : { likeCase }) },
    until: silence + 9000,
  };
}

const spoken = /** @type {Step} */ ({ at: silence - 600, act: 'speak' });
const fresh = '30 % lost: just heard, re-tuned';

/** @type {Case[]} */
const cases = [
  vanish(profile(33, 1, 3), 48, 4400),
  ...besideLevels.map((delay) => vanish(profile(delay, 1, 3), 16, Math.min(2200, delay * 500))),
  vanish(profile(33, 1, 3, 0), 16, 4400),
  vanish(profile(5, 2, 3, 12_000), 16, 1000),
  vanish(profile(6, 6, 6), 16, 4000),
  vanish(profile(20, 20, 12), 16, 5000),
  vanish(profile(1, 20, 3), 16, 15_000, 45_000),
  vanish(profile(15, 5, 3), 16, 2500),
  vanish(profile(30, 5, 3), 16, 2500),
  vanish(profile(200, 10, 3), 16, 17_000),
  vanish(profile(240, 20, 3), 16, 17_000),
  vanish(profile(300, 20, 3), 16, 33_000),
  vanish(profile(550, 20, 3), 16, 41_000),

  {
    ...vanish(profile(5, 2, 3), 16, 1000),
    name: 'written to a vanished peer: 5/2/3',
    steps: [
      { at: 0, act: 'cut' },
      { at: 500, act: 'write' },
    ],
    promised: { since: 'write', within: 'inFlight' },
    until: 30_000,
  },
  {
    ...vanish(profile(5, 5, 3), 16, 400),
    name: 'written while probing: 5/5/3',
    steps: [
      { at: 0, act: 'cut' },
      { at: 14_000, act: 'write' },
    ],
    promised: { since: 'heard', within: 'atMost' },
    until: 80_000,
  },

  outage('silent', profile(60, 20, 3), [{ at: silence - 100, act: 'cut' }], silence),
  outage('silent, as a fleet', profile(60, 20, 3), [{ at: silence - 100, act: 'cut' }], silence, short, {
    act: 'retune all',
  }),
  outage('just heard', profile(60, 20, 3), [spoken, { at: silence - 100, act: 'cut' }], silence),
  outage('probes unanswered', profile(1, 1, 9), [{ at: 3000, act: 'cut' }], 9500),
  outage('probes unanswered, by count', profile(1, 1, 9, 0), [{ at: 3000, act: 'cut' }], 9500, profile(2, 1, 4, 0)),
  outage('the interval alone', profile(2, 20, 9), [{ at: 44_900, act: 'cut' }], 45_000, short, {
    peers: 40,
    spread: 19_000,
  }),
  {
    ...outage(
      'data in flight',
      profile(60, 20, 3),
      [
        { at: 0, act: 'cut' },
        { at: 100, act: 'write' },
      ],
      6600,
    ),
    promised: { alive: 6600 + patience + 8000 },
  },

  vanishedBefore('silent', profile(60, 20, 3), [{ at: 0, act: 'cut' }], silence),
  vanishedBefore('probes unanswered', profile(1, 1, 9), [{ at: 3000, act: 'cut' }], 9500),
  vanishedBefore('the interval alone', profile(2, 20, 9), [{ at: 0, act: 'cut' }], 12_000),
  vanishedBefore(
    'data in flight',
    profile(60, 20, 3),
    [
      { at: 0, act: 'cut' },
      { at: 100, act: 'write' },
    ],
    6600,
    {
      since: 'retune',
      within: 'atMost',
    },
  ),

  lossy('just heard, re-tuned', [spoken, { at: silence, act: 'retune', profile: short }]),
  lossy('silent, re-tuned', [{ at: silence, act: 'retune', profile: short }], fresh),
  lossy('silent, re-tuned as a fleet', [{ at: silence, act: 'retune all', profile: short }], fresh),
];

/** @type {Record<Form, number>} */
const longest = { short: 70_000, normal: 450_000, long: Infinity };

/** @param {Form} form */
exports.casesOf = (form) =>
  cases
    .filter(({ spread, until }) => spread + until <= longest[form])
    .sort((a, b) => b.spread + b.until - a.spread - a.until);
