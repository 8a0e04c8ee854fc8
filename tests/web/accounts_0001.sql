BEGIN TRANSACTION;
CREATE TABLE accounts (
	username TEXT NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	password TEXT NOT NULL, 
	temporary_until TEXT, 
	totp TEXT, 
	totp_new TEXT, 
	totp_used BIGINT NOT NULL, 
	active BOOLEAN NOT NULL, 
	demo BOOLEAN NOT NULL, 
	PRIMARY KEY (username)
);
INSERT INTO "accounts" VALUES('ada','Ada Adams','administrator','$argon2id$v=19$m=65536,t=3,p=4$wxpxPrvlObFG7+EXuzzGVQ$1g0BChVyWRyaIplxCtx1JSbzY7U40uewrc15SAiBMnw',NULL,NULL,NULL,0,1,0);
INSERT INTO "accounts" VALUES('thea','Thea Therapist','clinician','$argon2id$v=19$m=65536,t=3,p=4$t+SNrLa8PzGGvEIHGqEX9g$amYCp82gZ4YsYxAlc3WUOUzbHrrOGi52zEqj5sdWHsc',NULL,NULL,NULL,0,1,0);
CREATE TABLE events (
	event INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	username TEXT, 
	what TEXT NOT NULL, 
	"by" TEXT, 
	address TEXT, 
	PRIMARY KEY (event)
);
INSERT INTO "events" VALUES(1,'2026-03-31T08:00:00+00:00','ada','added as administrator',NULL,NULL);
INSERT INTO "events" VALUES(2,'2026-03-31T08:00:00+00:00','thea','added as clinician','ada',NULL);
INSERT INTO "events" VALUES(3,'2026-03-31T08:00:00+00:00','thea','wrong password',NULL,'');
INSERT INTO "events" VALUES(4,'2026-03-31T08:00:00+00:00','thea','signed in',NULL,'192.0.2.7');
INSERT INTO "events" VALUES(5,'2026-03-31T08:00:00+00:00',NULL,'no such account',NULL,'');
CREATE TABLE sessions (
	token TEXT NOT NULL, 
	username TEXT NOT NULL, 
	csrf TEXT NOT NULL, 
	began TEXT NOT NULL, 
	used TEXT NOT NULL, 
	PRIMARY KEY (token), 
	FOREIGN KEY(username) REFERENCES accounts (username)
);
INSERT INTO "sessions" VALUES('14d30acda4d0719d247fe669fbccdd140d3c2f54f7c4b3e6334c1017b645716a','thea','ItEpvKX1AoTgFKFdt52vULlaBPoC8e2H6Z_l8TbmznI','2026-03-31T08:00:00+00:00','2026-03-31T08:00:00+00:00');
CREATE TABLE tries (
	"key" TEXT NOT NULL, 
	failures INTEGER NOT NULL, 
	last TEXT NOT NULL, 
	until TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "tries" VALUES('here:fb6269407fbff3a713344da3a23114aabbd12f84b0bf2f453847cee89393d012',1,'2026-03-31T08:00:00.000000+00:00','2026-03-31T08:00:00.000000+00:00');
INSERT INTO "tries" VALUES('address:37dad677cf0b3997d0f5dd0d7889f84b11002e3ca73b0ae1bdb6d7e9b46fdb8a',0,'2026-03-31T08:00:00.000000+00:00','2026-03-31T08:00:00.000000+00:00');
INSERT INTO "tries" VALUES('here:4161b287516ae47148f01146b29d942dd4f24bc97c6c54f393a3be7b528a78de',1,'2026-03-31T08:00:00.000000+00:00','2026-03-31T08:00:00.000000+00:00');
INSERT INTO "tries" VALUES('account:6382b3cc881412b77bfcaeed026001c00d9e3025e66c20f6e7e92f079851462a',1,'2026-03-31T08:00:00.000000+00:00','2026-03-31T08:00:00.000000+00:00');
INSERT INTO "tries" VALUES('address:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',2,'2026-03-31T08:00:00.000000+00:00','2026-03-31T08:00:00.000000+00:00');
CREATE TRIGGER events_no_update before update on events begin select raise(abort, 'append-only'); end;
CREATE TRIGGER events_no_delete before delete on events begin select raise(abort, 'append-only'); end;
CREATE INDEX ix_sessions_username ON sessions (username);
COMMIT;
