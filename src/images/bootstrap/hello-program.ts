/** The smallest program there is for `hello-world`: a static x86-64 ELF file that writes a text and ends with 0. */

const codeBytes = 41
const loadAddress = 0x400000
const headerBytes = 64 + 56

export const helloText =
  '\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n'

/** The program's bytes (System V ABI, "Object Files"; Linux x86-64 system calls 1 and 60). */
export function helloProgram(text: string = helloText): Buffer {
  const message = Buffer.from(text)
  const file = Buffer.alloc(headerBytes + codeBytes + message.length)
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1')
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(62, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(loadAddress + headerBytes), 24)
  file.writeBigUInt64LE(64n, 32)
  for (const [value, offset] of [
    [64, 52],
    [56, 54],
    [1, 56],
    [64, 58],
  ] as const)
    file.writeUInt16LE(value, offset)
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  for (const [value, offset] of [
    [0, 72],
    [loadAddress, 80],
    [loadAddress, 88],
    [file.length, 96],
    [file.length, 104],
    [0x1000, 112],
  ] as const)
    file.writeBigUInt64LE(BigInt(value), offset)
  const code = [
    0xb8,
    1,
    0,
    0,
    0,
    0xbf,
    1,
    0,
    0,
    0,
    0x48,
    0xbe,
    ...wordBytes(BigInt(loadAddress + headerBytes + codeBytes), 8),
    0xba,
    ...wordBytes(BigInt(message.length), 4),
    0x0f,
    0x05,
    0xb8,
    60,
    0,
    0,
    0,
    0x31,
    0xff,
    0x0f,
    0x05,
  ]
  file.set(code, headerBytes)
  message.copy(file, headerBytes + codeBytes)
  return file
}

function wordBytes(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Number((value >> BigInt(at * 8)) & 0xffn))
}
