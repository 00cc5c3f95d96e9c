// Go's net/http: go.go PORT; the number of threads is GOMAXPROCS.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	hello := func(response http.ResponseWriter) {
		response.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(response, "Hello, HTTP!\n")
	}
	nap := func(response http.ResponseWriter, _ *http.Request) {
		time.Sleep(200 * time.Millisecond)
		hello(response)
	}
	http.HandleFunc("/", func(response http.ResponseWriter, _ *http.Request) { hello(response) })
	http.HandleFunc("/sleep", nap)
	http.HandleFunc("/block", nap)
	http.HandleFunc("/upload", func(response http.ResponseWriter, request *http.Request) {
		length, _ := io.Copy(io.Discard, request.Body)
		fmt.Fprintf(response, "%d\n", length)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
