/** The prepared SQL of the object store. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

const NEWEST_AT = `rv = (SELECT max(s.rv) FROM revisions s
  WHERE s.resource = r.resource AND s.namespace = r.namespace AND s.name = r.name AND s.rv <= ?) AND deleted = 0`;
const ALL = `FROM revisions r WHERE resource = ? AND (namespace, name) > (?, ?) AND rv <= ? AND ${NEWEST_AT}`;
const ONE = `FROM revisions r WHERE resource = ? AND namespace = ? AND name > ? AND rv <= ? AND ${NEWEST_AT}`;

const SQL = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  get: `SELECT rv, uid, deleted, json FROM revisions
    WHERE resource = ? AND namespace = ? AND name = ? ORDER BY rv DESC LIMIT 1`,
  uid: `SELECT rv, uid, deleted FROM revisions
    WHERE resource = ? AND namespace = ? AND name = ? ORDER BY rv DESC LIMIT 1`,
  insert: 'INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  own: 'INSERT OR IGNORE INTO owners VALUES (?, ?, ?, ?)',
  disown: 'DELETE FROM owners WHERE resource = ? AND namespace = ? AND name = ?',
  dependents: 'SELECT resource, namespace, name FROM owners WHERE owner = ?',
  owned: 'SELECT DISTINCT resource, namespace, name FROM owners',
  going: `SELECT rv, resource, namespace, name, instr(json, '"deletionTimestamp":') > 0 AS going FROM revisions
    WHERE rv > ? ORDER BY rv LIMIT ?`,
  listAll: `SELECT namespace, name, rv, uid, json ${ALL} ORDER BY namespace, name LIMIT ?`,
  listNamespace: `SELECT namespace, name, rv, uid, json ${ONE} ORDER BY name LIMIT ?`,
  countAll: `SELECT count(*) AS n ${ALL}`,
  countNamespace: `SELECT count(*) AS n ${ONE}`,
  changes: `SELECT r.rv, r.namespace, r.name, r.uid, r.deleted, r.previous, r.json, p.json AS previousJson
    FROM revisions r LEFT JOIN revisions p ON p.rv = r.previous
    WHERE r.resource = ? AND r.rv > ? ORDER BY r.rv LIMIT ?`,
  untouched: `SELECT rv, namespace, name FROM revisions r WHERE rv > ? AND rv <= ? AND resource = ? AND deleted = 0
    AND rv = (SELECT max(s.rv) FROM revisions s
      WHERE s.resource = r.resource AND s.namespace = r.namespace AND s.name = r.name)
    ORDER BY rv LIMIT ?`,
  resourcesIn: `SELECT DISTINCT resource FROM revisions r WHERE namespace = ? AND deleted = 0
    AND rv = (SELECT max(s.rv) FROM revisions s
      WHERE s.resource = r.resource AND s.namespace = r.namespace AND s.name = r.name)`,
  // Rule: a revision is needed until everything up to the one that replaced it may be forgotten.
  compactOld: `DELETE FROM revisions WHERE rv IN
    (SELECT previous FROM revisions WHERE rv > ? AND rv <= ? AND previous > 0)`,
  compactDeleted: 'DELETE FROM revisions WHERE deleted = 1 AND rv > ? AND rv <= ?',
  counters: `SELECT (SELECT max(rv) FROM revisions) AS newest,
    (SELECT value FROM facts WHERE name = 'revision') AS revision,
    (SELECT value FROM facts WHERE name = 'horizon') AS horizon`,
  setCounter: 'INSERT OR REPLACE INTO facts VALUES (?, ?)',
} as const;

export type Statements = Record<keyof typeof SQL, StatementSync>;

export function prepareStatements(database: DatabaseSync): Statements {
  return Object.fromEntries(
    Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]),
  ) as Statements;
}
