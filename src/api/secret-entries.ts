/** Names of the entries that we write to and read from Secrets (spec/api.md §8, §20). */

export const certificateEntry = 'tls.crt';
export const privateKeyEntry = 'tls.key';
export const caEntry = 'ca.crt';
export const pkcs12Keystore = 'keystore.p12';
export const pkcs12Truststore = 'truststore.p12';
export const jksKeystore = 'keystore.jks';
export const jksTruststore = 'truststore.jks';
export const derEntry = 'key.der';
export const combinedPemEntry = 'tls-combined.pem';
export const vaultTokenEntry = 'token';
export const venafiApiKeyEntry = 'api-key';
