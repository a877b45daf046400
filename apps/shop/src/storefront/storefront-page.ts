/** The page for people who open the storefront in a browser. */
export const storefrontPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ballast shop</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem } code { background: #eee; padding: 0 .2em }</style>
</head>
<body>
<h1>Ballast shop</h1>
<p>Three small services under seeded traffic: this storefront, a catalog that reads its database through the cache, and a checkout.
Every request leaves a trace and one event.</p>
<ul>
<li><a href="/products/1">A product</a></li>
<li><a href="/products/none">A product that does not exist</a></li>
<li><a href="/readyz">Readiness</a>, <a href="/metrics">metrics</a>, <a href="/faults">faults that are on</a></li>
</ul>
<p>Order: <code>curl -X POST -H 'content-type: application/json' -d '{"productId":"1","quantity":2}'</code> to <code>/orders</code>.</p>
</body>
</html>
`
