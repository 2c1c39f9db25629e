'use strict';
// A Redis client with ioredis: each reconnect is a new socket, and 'connect' comes before its first command.
const { Redis } = require('ioredis');
const { applyKeepalive, profiles } = require('tcp-keepalive');

exports.start = function start(profile = profiles.dataCenter, port = 6379, host = 'localhost') {
  const redis = new Redis({ port, host });
  redis.on('connect', () => applyKeepalive(redis.stream, profile));
  redis.on('error', (error) => console.log(`Redis: ${error.message}`));
  redis.on('reconnecting', () => console.log('Redis: connecting again'));
  return redis;
};

if (require.main === module) exports.start();
