// Prometheus' own PromQL parser and Go's text/template behind JSON lines: `{"expression"}` or `{"template"}` in, `{}`, or
// `{"error"}` out. An expression must be one that selects or computes an instant vector or a scalar.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"

	"github.com/prometheus/prometheus/promql/parser"
)

type question struct {
	Expression string            `json:"expression"`
	Template   string            `json:"template"`
	Labels     map[string]string `json:"labels"`
}

type answer struct {
	Error string `json:"error,omitempty"`
	Text  string `json:"text,omitempty"`
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		err := in.Decode(&asked)
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(answerTo(asked)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func answerTo(asked question) answer {
	if asked.Expression == "" {
		text, err := rendered(asked.Template, asked.Labels)
		if err != nil {
			return answer{Error: err.Error()}
		}
		return answer{Text: text}
	}
	expression, err := parser.NewParser(parser.Options{}).ParseExpr(asked.Expression)
	if err != nil {
		return answer{Error: err.Error()}
	}
	if kind := expression.Type(); kind != parser.ValueTypeVector && kind != parser.ValueTypeScalar {
		return answer{Error: fmt.Sprintf("is a %s: neither an alert nor a panel can show it", kind)}
	}
	return answer{}
}

// The variables that Prometheus gives to annotations of alerts.
const prologue = "{{$labels := .Labels}}{{$value := .Value}}"

func rendered(text string, labels map[string]string) (string, error) {
	parsed, err := template.New("annotation").Option("missingkey=zero").Parse(prologue + text)
	if err != nil {
		return "", err
	}
	var into strings.Builder
	err = parsed.Execute(&into, map[string]any{"Labels": labels, "Value": 1.5})
	return into.String(), err
}
