// Decodes the gateway's routes as Traefik itself does, after their templates were filled in: an unknown key is an error, as
// it is there. Its flags, one a line on standard input, are looked up in the reference that comes with its sources.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/traefik/paerser/file"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
)

// An entry of the reference: a flag in lower case, with names that are ours to choose in pointed brackets.
var entry = regexp.MustCompile("(?m)^`(--[^`]+)`:")
var chosen = regexp.MustCompile(`<name>`)

// gateway FOLDER REFERENCE < FLAGS
func main() {
	paths, _ := filepath.Glob(filepath.Join(os.Args[1], "*.yaml"))
	if len(paths) == 0 {
		fail("there are no files in %s", os.Args[1])
	}
	for _, path := range paths {
		decode(path)
	}
	flags := lookUp(os.Args[2])
	fmt.Printf("%d files decode, %d flags are known\n", len(paths), flags)
}

func decode(path string) {
	functions := template.FuncMap{"env": os.Getenv}
	parsed, err := template.New(filepath.Base(path)).Funcs(functions).ParseFiles(path)
	if err != nil {
		fail("%v", err)
	}
	var filled bytes.Buffer
	if err := parsed.Execute(&filled, nil); err != nil {
		fail("%v", err)
	}
	if err := file.DecodeContent(filled.String(), ".yaml", &dynamic.Configuration{}); err != nil {
		fail("%s: %v", path, err)
	}
}

func lookUp(reference string) int {
	text, err := os.ReadFile(reference)
	if err != nil {
		fail("%v", err)
	}
	var known []*regexp.Regexp
	for _, found := range entry.FindAllStringSubmatch(string(text), -1) {
		pattern := chosen.ReplaceAllString(found[1], `[^.]+`)
		known = append(known, regexp.MustCompile("^"+strings.ReplaceAll(pattern, "[n]", `\[\d+\]`)+"$"))
	}
	count := 0
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name, _, _ := strings.Cut(strings.ToLower(lines.Text()), "=")
		if !isKnown(name, known) {
			fail("Traefik has no flag %s", name)
		}
		count++
	}
	if count == 0 {
		fail("there are no flags")
	}
	return count
}

func isKnown(name string, known []*regexp.Regexp) bool {
	for _, pattern := range known {
		if pattern.MatchString(name) {
			return true
		}
	}
	return false
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}
