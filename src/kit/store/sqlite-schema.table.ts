/** The SQLite backend's tables, one step per schema version, and its statements. */

/** Marks the file as ours (`pragma application_id`): the letters "Gntr". */
export const applicationId = 0x476e7472

/** Positions within one revision: a log id is revision * 1024 + position. */
export const positionsPerRevision = 1024

/**
 * Steps from an empty file to the newest schema; the number of steps done is the schema version.
 * `log` holds every version in commit order (version 0 is a delete), `live` the newest version of each key.
 * `previous` is the log id of the version that was replaced or deleted: compaction and old reads follow it.
 */
export const migrations: readonly string[] = [
  `create table log(
    id integer primary key, key text not null, previous integer, created integer not null,
    version integer not null, lease integer, value blob) strict;
  create table live(
    key text primary key, id integer not null, created integer not null, version integer not null,
    lease integer) without rowid, strict;
  create index live_lease on live(lease, key) where lease is not null;
  create table lease(id integer primary key autoincrement, ttl integer not null) strict;
  create table state(name text primary key, value integer not null) without rowid, strict;
  insert into state values ('compacted', 0), ('swept', 0), ('open', 0);`,
]

const row = 'log.key, log.id, log.created, log.version, log.lease'
/** Keys as they were at log id ?3: those untouched since, and the versions that later changes replaced. */
const past = `with changed as materialized (
    select key, min(id) as first from log where id > ?3 and key >= ?1 and key < ?2 group by key),
  then_live as (
    select key, id from live where key >= ?1 and key < ?2 and id <= ?3
    union all
    select p.key, p.id from changed join log f on f.id = changed.first join log p on p.id = f.previous)`
/** A page of them: chosen by key alone, so that values are read for these keys only and never sorted. */
const pastPage = `${past}, page as materialized (select key, id from then_live order by key limit ?4)`

export type StatementName =
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'findLive'
  | 'readLive'
  | 'readLog'
  | 'firstAfter'
  | 'insertLog'
  | 'putLive'
  | 'deleteLive'
  | 'range'
  | 'rangeKeys'
  | 'count'
  | 'pastRange'
  | 'pastRangeKeys'
  | 'pastCount'
  | 'history'
  | 'lastId'
  | 'state'
  | 'setState'
  | 'probe'
  | 'sweepScan'
  | 'deleteLog'
  | 'leases'
  | 'findLease'
  | 'insertLease'
  | 'deleteLease'
  | 'leaseKeys'

export const statements: Readonly<Record<StatementName, string>> = {
  begin: 'begin immediate',
  commit: 'commit',
  rollback: 'rollback',
  findLive: 'select id, created, version, lease from live where key = ?',
  readLive: `select ${row}, log.value from live join log on log.id = live.id where live.key = ?`,
  readLog: `select ${row}, log.value from log where id = ?`,
  firstAfter: 'select id, previous from log where id > ? and key = ? order by id limit 1',
  insertLog: 'insert into log values (?, ?, ?, ?, ?, ?, ?)',
  putLive: `insert into live values (?, ?, ?, ?, ?) on conflict(key) do update
    set id = excluded.id, created = excluded.created, version = excluded.version, lease = excluded.lease`,
  deleteLive: 'delete from live where key = ?',
  range: `select ${row}, log.value from live join log on log.id = live.id
    where live.key >= ? and live.key < ? order by live.key limit ?`,
  rangeKeys: 'select key, id, created, version, lease from live where key >= ? and key < ? order by key limit ?',
  count: 'select count(*) from live where key >= ? and key < ?',
  pastRange: `${pastPage} select ${row}, log.value from page join log on log.id = page.id order by page.key`,
  pastRangeKeys: `${pastPage} select ${row} from page join log on log.id = page.id order by page.key`,
  pastCount: `${past} select count(*) from then_live`,
  history: `select ${row}, log.value, log.previous from log where id > ? and id <= ? order by id limit ?`,
  lastId: 'select max(id) from log',
  state: 'select value from state where name = ?',
  setState: 'update state set value = ? where name = ?',
  /** Changes something: what stays the same is not written. */
  probe: `insert into state values ('probe', 1) on conflict(name) do update set value = value + 1`,
  sweepScan: 'select id, previous, version from log where id > ? and id <= ? order by id limit ?',
  deleteLog: 'delete from log where id = ?',
  leases: 'select id, ttl from lease',
  findLease: 'select 1 from lease where id = ?',
  insertLease: 'insert into lease(ttl) values (?) returning id',
  deleteLease: 'delete from lease where id = ?',
  leaseKeys: 'select key from live where lease = ? order by key',
}
