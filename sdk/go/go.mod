module diagon/udf

go 1.24
