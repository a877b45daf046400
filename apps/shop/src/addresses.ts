import type { ShopConfig } from './config.ts'

/** Where the services find each other: the URL given for one, or its port on this machine. No trailing slash. */
export function addresses(config: ShopConfig): { readonly storefront: string; readonly catalog: string; readonly checkout: string } {
  return {
    storefront: address(config.storefrontUrl, config.storefrontPort),
    catalog: address(config.catalogUrl, config.catalogPort),
    checkout: address(config.checkoutUrl, config.checkoutPort),
  }
}

function address(url: string, port: number): string {
  return url === '' ? `http://127.0.0.1:${port}` : url.replace(/\/$/, '')
}
