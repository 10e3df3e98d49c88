// @ts-check
/**
 * Reader of the safetensors layout: eight bytes of header
 * length, a JSON header, raw arrays (see gandash/wire/frame.py).
 */

/** @typedef {Float32Array | Int32Array | Uint8Array} NumberArray */
/** @template {object} L of the label
 * @typedef {{label: L, arrays: Record<string, NumberArray>, shapes: Record<string, number[]>}} Packet */
/** @typedef {Packet<import('./types.d.ts').FrameLabel>} Frame of a run */
/** @typedef {Packet<import('./types.d.ts').PictureLabel>} Picture one game's part of a frame */

/** Copies, since offsets after a JSON header need not be multiples of the item size, which typed views insist on.
 * @type {Record<string, (buffer: ArrayBuffer) => NumberArray>} */
const READERS = {
  F32: buffer => new Float32Array(buffer),
  F64: buffer => Float32Array.from(new Float64Array(buffer)),
  I32: buffer => new Int32Array(buffer),
  I64: buffer => Int32Array.from(new BigInt64Array(buffer), Number),
  U8: buffer => new Uint8Array(buffer),
};

/** Label and arrays of one packet; throws when it is not whole.
 * @param {ArrayBuffer} buffer
 * @returns {Packet<import('./types.d.ts').Label>} */
export function unpack(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const start = 8 + length;
  if (start > buffer.byteLength) throw new Error(`a packet of ${buffer.byteLength} bytes announces a header of `
    + `${length}`);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const { __metadata__: metadata, ...entries } = header;
  /** @type {Packet<import('./types.d.ts').Label>} */
  const packet = { label: JSON.parse(metadata.label), arrays: {}, shapes: {} };
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
    const read = READERS[dtype];
    if (!read) throw new Error(`array "${name}" has dtype ${dtype}; known are ${Object.keys(READERS).join(', ')}`);
    if (start + to > buffer.byteLength) throw new Error(`array "${name}" is cut short`);
    packet.arrays[name] = read(buffer.slice(start + from, start + to));
    packet.shapes[name] = shape;
  }
  return packet;
}
