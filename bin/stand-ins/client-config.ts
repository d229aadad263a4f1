/** How an SDK client calls a stand-in: at its address, once, and with any credentials, as none verifies a signature. */
export const clientConfig = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
  maxAttempts: 1,
});
