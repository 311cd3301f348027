module yima.test/gmsm

go 1.19

require github.com/emmansun/gmsm v0.25.0

require (
	golang.org/x/crypto v0.18.0 // indirect
	golang.org/x/sys v0.16.0 // indirect
)
