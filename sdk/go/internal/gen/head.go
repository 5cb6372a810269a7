package gen

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,127}$`)
	versionPattern = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	notInExport    = regexp.MustCompile(`[^a-z0-9_]`)
)

// What a module exports that is not a function of the author's.
var reservedExports = map[string]bool{
	"memory": true, "diagon_reserve": true, "diagon_abi_v1": true, "_initialize": true, "_start": true,
}

var limits = map[string]bool{
	"memory_bytes": true, "batch_base_ms": true, "per_document_us": true, "query_ms": true,
	"instances": true, "concurrent_queries": true, "queries_per_second": true,
}

// head reads what stands behind //diagon:filter, score or value.
func (p *pkg) head(f *function, d *directive) {
	m := &f.manifest
	m.Name = snake(f.goName)
	for _, kv := range d.keys {
		switch kv.key {
		case "name":
			m.Name = kv.text()
		case "version":
			m.Version = kv.text()
			if !versionPattern.MatchString(m.Version) {
				p.fail(kv.pos, "version=%s is not a semantic version; write version=1.0.0", kv.value)
			}
		case "pure":
			p.pure(m, kv)
		case "max_score":
			p.maxScore(m, kv)
		default:
			p.fail(kv.pos, "//diagon:%s has no %s; it has name, version, pure and, for a score, max_score", d.word, kv.key)
		}
	}
	if m.Version == "" {
		p.fail(d.pos, "a function needs a version, under which it never changes; write //diagon:%s version=1.0.0", d.word)
	}
	if !namePattern.MatchString(m.Name) {
		p.fail(d.pos, "the name %q must be small letters, digits, _, . and -, and begin with a letter or digit; write name=…", m.Name)
	}
	m.Export = notInExport.ReplaceAllString(m.Name, "_")
	for _, other := range p.functions {
		if other.manifest.Export == m.Export {
			p.fail(f.pos, "%s and %s would both be called %s; write name=… for one of them", other.goName, f.goName, m.Name)
		}
	}
	if reservedExports[m.Export] {
		p.fail(d.pos, "no function can be called %s; write name=…", m.Name)
	}
}

func (p *pkg) pure(m *manifest, kv keyValue) {
	switch kv.value {
	case "true":
	case "false":
		m.Pure = false
	default:
		p.fail(kv.pos, "pure is true (which it is anyway) or false")
	}
}

func (p *pkg) maxScore(m *manifest, kv keyValue) {
	if m.Kind != score {
		p.fail(kv.pos, "max_score is for score functions, and this is a %s function", m.Kind)
		return
	}
	number, err := strconv.ParseFloat(kv.value, 64)
	if err != nil || !(number >= 0 && number <= math.MaxFloat32) {
		p.fail(kv.pos, "max_score is a number that a score function never exceeds, from 0 to %g", math.MaxFloat32)
		return
	}
	m.MaxScore = number
}

// limitsOf reads //diagon:limits.
func (p *pkg) limitsOf(m *manifest, d directive) {
	m.Limits = map[string]any{}
	for _, kv := range d.keys {
		number, err := strconv.ParseUint(kv.value, 10, 63)
		if !limits[kv.key] || err != nil || number == 0 {
			p.fail(kv.pos, "a limit is a whole number from 1: memory_bytes=…, batch_base_ms, per_document_us, query_ms, instances, concurrent_queries or queries_per_second")
			continue
		}
		m.Limits[kv.key] = number
	}
}

// defaultOf is what stands behind default= as JSON, if it is of the type.
func (p *pkg) defaultOf(kv keyValue, typ string, list bool) any {
	if !list {
		value, fine := scalar(kv, typ)
		if !fine {
			p.fail(kv.pos, "default=%s is no %s", kv.value, typ)
		}
		return value
	}
	var items []json.RawMessage
	if json.Unmarshal([]byte(kv.value), &items) != nil {
		p.fail(kv.pos, `the default of a list is a list in JSON, such as default=["a","b"]`)
		return nil
	}
	values := []any{}
	for _, item := range items {
		quoted := strings.HasPrefix(string(item), `"`)
		value, fine := scalar(keyValue{value: string(item)}, typ)
		if !fine || quoted != (typ == "str") {
			p.fail(kv.pos, "%s in the default is no %s", item, typ)
		}
		values = append(values, value)
	}
	return values
}

func scalar(kv keyValue, typ string) (any, bool) {
	switch typ {
	case "str":
		return kv.text(), true
	case "bool":
		return kv.value == "true", kv.value == "true" || kv.value == "false"
	case "i32", "i64":
		bits := map[string]int{"i32": 32, "i64": 64}[typ]
		number, err := strconv.ParseInt(kv.value, 10, bits)
		return number, err == nil
	default:
		bits := map[string]int{"f32": 32, "f64": 64}[typ]
		number, err := strconv.ParseFloat(kv.value, bits)
		return number, err == nil && !math.IsInf(number, 0) && !math.IsNaN(number)
	}
}
