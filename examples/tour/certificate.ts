/**
 * A certificate for `localhost` and 127.0.0.1 that has signed itself, and its key, for the tour and for nothing else: everybody
 * who has the source has the key, so never trust it. Good until 2125.
 */
export const CERTIFICATE = `\
-----BEGIN CERTIFICATE-----
MIIBezCCASCgAwIBAgIUUq9JnYv+D4fNjlqDC/iAZvxXwtMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI1MDEwMTAwMDAwMFoYDzIxMjUwMTAx
MDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATUNZmK56LRTsnx9NePYGHOyrkL7zPoaCEGVuL0SMrY55QPbq6cZx7e
oZY5RypeUtx3oBdOhBVvWLKO/uO3U0jso04wTDAPBgNVHRMBAf8EBTADAQH/MBoG
A1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4EFgQUqqaieu0wQJCHD0aP
KmvrgxEnxOgwCgYIKoZIzj0EAwIDSQAwRgIhAPFf5Gu44nDUECVhOylixFBzMnVr
x1wJ8AXMgAuH07sHAiEA0yRFVlFtVyoRSvcZC6ZwrdyUqb358fk9I7V4S1Y6le0=
-----END CERTIFICATE-----
`;

export const KEY = `\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAjK+CkgN5tFYIq6L
bRiw/cRlvB3VxK2pjEh7CTjf/nqhRANCAATUNZmK56LRTsnx9NePYGHOyrkL7zPo
aCEGVuL0SMrY55QPbq6cZx7eoZY5RypeUtx3oBdOhBVvWLKO/uO3U0js
-----END PRIVATE KEY-----
`;
