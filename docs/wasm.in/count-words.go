// Counts the words of a JSON text: "the quick brown fox" gives 4.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

func main() {
	var text string
	if err := json.NewDecoder(os.Stdin).Decode(&text); err != nil {
		fmt.Fprintln(os.Stderr, "the input is not a text")
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(len(strings.Fields(text)))
}
