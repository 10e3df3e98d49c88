// @ts-check
/**
 * What a server says that does not do what it was asked for.
 */
import { said, t } from './words.js';

/** Why not, as the server says it; what stands before the server may say anything. @param {Response} response */
export async function refusalIn(response) {
  try {
    return said(await response.json());
  } catch {
    return t('the server answers with status {status}', { status: response.status });
  }
}
