'use strict';
// Each driver: connections to a real server, a short question, and one whose answer never comes.
const net = require('node:net');
const grpc = require('@grpc/grpc-js');
const Redis = require('ioredis');
const { Kafka } = require('kafkajs');
const { MongoClient } = require('mongodb');
const mysql = require('mysql2/promise');
const pg = require('pg');
const postgres = require('postgres');
const { createClient } = require('redis');
const { applyKeepalive } = require('tcp-keepalive');

/**
 * @typedef {object} Connected
 * @property {() => Promise<unknown>} ask
 * @property {() => Promise<unknown>} wait until the connection is lost
 *
 * @typedef {object} Driver
 * @property {'postgres' | 'mariadb' | 'redis' | 'redisTls' | 'grpc'} server
 * @property {(host: string, port: number) => Connected | Promise<Connected>} connect
 */

const nothing = () => undefined;
/** What the server shows is made for tests. */
const insecure = { rejectUnauthorized: false };

/** @param {import('pg').PoolConfig} options */
function pgPool(options) {
  const pool = new pg.Pool({ user: 'test', database: 'postgres', max: 1, ...options });
  pool.on('error', nothing);
  return { ask: () => pool.query('select 1'), wait: () => pool.query('select pg_sleep(600)') };
}

/** @param {import('mysql2').PoolOptions} options */
function mysqlPool(options) {
  const pool = mysql.createPool({ user: 'test', connectionLimit: 1, ...options });
  return { ask: () => pool.query('select 1'), wait: () => pool.query('select sleep(600)') };
}

/** @param {import('postgres').Options<{}>} options */
function postgresPool(options) {
  const sql = postgres({ username: 'test', database: 'postgres', max: 1, ...options });
  return { ask: () => sql`select 1`, wait: () => sql`select pg_sleep(600)` };
}

/** @param {import('ioredis').RedisOptions} options */
function ioredis(options) {
  const client = new Redis.Redis({ maxRetriesPerRequest: 0, ...options });
  client.on('error', nothing);
  return { ask: () => client.ping(), wait: () => client.blpop('nothing', 0) };
}

/** @param {import('ioredis').RedisOptions} options */
async function ioredisSubscriber(options) {
  const client = new Redis.Redis(options);
  client.on('error', nothing);
  await client.subscribe('news');
  return { ask: () => client.subscribe('more'), wait: () => new Promise((resolve) => client.once('close', resolve)) };
}

/** @param {import('redis').RedisClientOptions} options */
async function nodeRedis(options) {
  const client = createClient(options);
  client.on('error', nothing);
  await client.connect();
  return { ask: () => client.ping(), wait: () => client.blPop('nothing', 0) };
}

/** @param {string} host @param {number} port */
function grpcClient(host, port) {
  const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure());
  const call = (/** @type {string} */ method) =>
    new Promise((resolve, reject) => {
      const bytes = (/** @type {Buffer} */ value) => value;
      client.makeUnaryRequest(method, bytes, bytes, Buffer.from('?'), (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });
  return { ask: () => call('/test/ask'), wait: () => call('/test/wait') };
}

/** @param {import('tcp-keepalive').KeepaliveProfile} profile */
function tuned(profile) {
  const socket = new net.Socket();
  applyKeepalive(socket, profile);
  return socket;
}

/** @type {Record<string, Driver>} */
exports.drivers = {
  pg: { server: 'postgres', connect: (host, port) => pgPool({ host, port }) },
  'pg, TLS': { server: 'postgres', connect: (host, port) => pgPool({ host, port, ssl: insecure }) },
  postgres: { server: 'postgres', connect: (host, port) => postgresPool({ host, port }) },
  'postgres, TLS': { server: 'postgres', connect: (host, port) => postgresPool({ host, port, ssl: insecure }) },
  mysql2: { server: 'mariadb', connect: (host, port) => mysqlPool({ host, port }) },
  'mysql2, TLS': { server: 'mariadb', connect: (host, port) => mysqlPool({ host, port, ssl: insecure }) },
  ioredis: { server: 'redis', connect: (host, port) => ioredis({ host, port }) },
  'ioredis, TLS': { server: 'redisTls', connect: (host, port) => ioredis({ host, port, tls: insecure }) },
  'ioredis, subscriber': { server: 'redis', connect: (host, port) => ioredisSubscriber({ host, port }) },
  redis: { server: 'redis', connect: (host, port) => nodeRedis({ socket: { host, port } }) },
  'redis, TLS': {
    server: 'redisTls',
    connect: (host, port) => nodeRedis({ socket: { host, port, tls: true, ...insecure } }),
  },
  '@grpc/grpc-js': { server: 'grpc', connect: grpcClient },
};

/** Those that take a socket. @param {import('tcp-keepalive').KeepaliveProfile} profile @returns {Record<string, Driver>} */
exports.byOwnOption = (profile) => ({
  pg: { server: 'postgres', connect: (host, port) => pgPool({ host, port, stream: () => tuned(profile) }) },
  'pg, TLS': {
    server: 'postgres',
    connect: (host, port) => pgPool({ host, port, ssl: insecure, stream: () => tuned(profile) }),
  },
  mysql2: {
    server: 'mariadb',
    connect: (host, port) => mysqlPool({ host, port, stream: () => tuned(profile).connect(port, host) }),
  },
});

/** Those whose servers cannot be had here: they connect to one that only accepts. @type {Record<string, (host: string, port: number) => void>} */
exports.socketsAlone = {
  mongodb: (host, port) =>
    void new MongoClient(`mongodb://${host}:${port}/?directConnection=true`).connect().catch(nothing),
  kafkajs: (host, port) =>
    void new Kafka({ brokers: [`${host}:${port}`], logLevel: 0 }).producer().connect().catch(nothing),
};
