/** How the OpenAPI page describes uploads: their routes take bytes and headers, which no schema of a body shows. */

const UPLOAD = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' as const } }];

const operation = (summary: string, responses: Readonly<Record<string, string>>) => ({
  summary,
  tags: ['uploads'],
  security: [{ bearer: [] as string[] }],
  responses: Object.fromEntries(Object.entries(responses).map(([status, description]) => [status, { description }])),
});

const REFUSED = {
  401: 'No valid token.',
  404: 'There is no such upload, or it is not yours.',
  412: 'Another version of tus.',
};

export const UPLOAD_PATHS = {
  '/v1/uploads': {
    post: operation('Begins a resumable upload (tus 1.0.0, or the IETF draft), with or without its first bytes.', {
      201: '`Location` has its address, and `Mailroom-File` the id of the file where that is complete.',
      400: 'A header is not what the protocol says, or the content is not what `sha256` promised.',
      401: 'No valid token.',
      412: 'Another version of tus.',
      413: 'Larger than an upload may be, or than the quota has room for.',
      429: 'Too many unfinished uploads.',
    }),
    options: {
      summary: 'What the server can do: versions, extensions, limits.',
      tags: ['uploads'],
      responses: { 204: { description: '`Tus-Version`, `Tus-Extension`, `Tus-Max-Size`, `Upload-Limit`.' } },
    },
  },
  '/v1/uploads/{id}': {
    head: {
      ...operation('Where the upload is.', { 200: '`Upload-Offset` and what else is known of it.', ...REFUSED }),
      parameters: UPLOAD,
    },
    patch: {
      ...operation('Appends bytes at `Upload-Offset`.', {
        204: '`Upload-Offset` is the new one; `Mailroom-File` is there when the file is.',
        400: 'A header is not what the protocol says, or the content is not what `sha256` promised.',
        403: 'A final upload takes no bytes.',
        409: 'The upload is at another offset, or a newer request has taken it over.',
        413: 'More bytes than the length.',
        415: 'Another content type than the protocol has.',
        460: 'The checksum is of other bytes.',
        503: 'The disk is full, or a back end is away: go on later.',
        ...REFUSED,
      }),
      parameters: UPLOAD,
    },
    delete: {
      ...operation('Ends the upload. A file that came of it stays.', { 204: 'It is gone.', ...REFUSED }),
      parameters: UPLOAD,
    },
  },
};
