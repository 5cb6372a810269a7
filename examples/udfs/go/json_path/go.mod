module udf/json_path

go 1.24

require diagon/udf v0.0.0

replace diagon/udf => ../../../../sdk/go
