/** Puts and deletes of one key as transactions. */
import { storeConflict } from './errors.ts'
import type { DeleteOptions, Entry, PutOptions, TxnRequest, TxnResult } from './versioned-store.ts'

type Transact = (request: TxnRequest) => Promise<TxnResult>

/** Puts one key; see VersionedStore.put. */
export async function putOne(
  transact: Transact,
  put: { readonly key: string; readonly value: Uint8Array },
  { expect, leaseId }: PutOptions,
): Promise<Entry> {
  const write = { type: 'put' as const, ...put, ...(leaseId === undefined ? {} : { leaseId }) }
  return (await writeOne(transact, { expect: expectationOf(put.key, expect), writes: [write] })) as Entry
}

/** Deletes one key; see VersionedStore.delete. */
export async function deleteOne(
  transact: Transact,
  key: string,
  { expect }: DeleteOptions,
): Promise<Entry | undefined> {
  return writeOne(transact, { expect: expectationOf(key, expect), writes: [{ type: 'delete', key }] })
}

async function writeOne(transact: Transact, request: TxnRequest): Promise<Entry | undefined> {
  const result = await transact(request)
  if (result.ok) return result.entries[0]
  const expected = request.expect?.[0]
  throw storeConflict(expected?.key ?? '', expected?.modRevision ?? 0, result.current[0])
}

function expectationOf(key: string, expect: number | undefined): TxnRequest['expect'] & object {
  return expect === undefined ? [] : [{ key, modRevision: expect }]
}
