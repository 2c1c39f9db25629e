'use strict';
// A self-signed test certificate and its key, both public: never use them to protect anything.
// Committed so that tests and examples need neither openssl nor a dependency. Valid from 2026-01-01 to 2126-01-01.

exports.key = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUruFCSqvqi1UNPAC
KvTZA3VW5Hd2vnGRzDxrVH9ifD2hRANCAARdlAc/ibWTtGoPu2MJfcfBKnmoiprC
wVvLygImXd2eKyJtFRVyKSOfT4sJLcWhsfGULGTsmQvdKRQvt0ZOeLPT
-----END PRIVATE KEY-----
`.trimStart();

exports.cert = `
-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIUC11dpWFfzW0q2ulewaCVBqVpskIwCgYIKoZIzj0EAwIw
MDEuMCwGA1UEAwwldGNwLWtlZXBhbGl2ZSBkZW1vIG9ubHksIG5vdCBhIHNlY3Jl
dDAgFw0yNjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowMDEuMCwGA1UEAwwl
dGNwLWtlZXBhbGl2ZSBkZW1vIG9ubHksIG5vdCBhIHNlY3JldDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABF2UBz+JtZO0ag+7Ywl9x8EqeaiKmsLBW8vKAiZd3Z4r
Im0VFXIpI59PiwktxaGx8ZQsZOyZC90pFC+3Rk54s9OjPTA7MA8GA1UdEQQIMAaH
BH8AAAEwCQYDVR0TBAIwADAdBgNVHQ4EFgQUtZ5AWy8KhN7oEZZmzbK6zBkjeHEw
CgYIKoZIzj0EAwIDRwAwRAIgEMWoNuaipJIh+fNEDOpM7eoVQMHMeZPijHtjajys
8YoCIFkhaSH32vsN/RsciYRZgzB6aFhAwIZe7HtkYWTvX0CV
-----END CERTIFICATE-----
`.trimStart();
