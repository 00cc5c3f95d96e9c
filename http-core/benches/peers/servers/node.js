// Node's http, a process per thread: node node.js PORT THREADS
const cluster = require("node:cluster");
const http = require("node:http");

const [port, threads] = process.argv.slice(2).map(Number);

if (cluster.isPrimary) {
  for (let i = 0; i < threads; i++) cluster.fork();
} else {
  const server = http.createServer((request, response) => {
    const answer = (body) => {
      response.setHeader("Content-Type", "text/plain; charset=utf-8");
      response.end(body);
    };
    switch (request.url) {
      case "/upload": {
        let length = 0;
        request.on("data", (part) => (length += part.length));
        request.on("end", () => answer(`${length}\n`));
        return;
      }
      case "/sleep":
        setTimeout(() => answer("Hello, HTTP!\n"), 200);
        return;
      case "/block":
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
    answer("Hello, HTTP!\n");
  });
  // Its default, 5 s, would end the idle connections while they are measured.
  server.keepAliveTimeout = 75_000;
  server.listen(port, "127.0.0.1");
}
