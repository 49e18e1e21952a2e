#include "textflag.h"

// The kernels add and multiply in the order of their portable twins in
// kernel.go, component by component, and never fuse: the bits are the same.

// func combineAVX2(dst, y *float64, h float64, w *float64, at *int, terms int, k *[]float64, n int) (bad float64)
TEXT ·combineAVX2(SB), NOSPLIT, $0-72
	MOVQ dst+0(FP), DI
	MOVQ y+8(FP), SI
	VBROADCASTSD h+16(FP), Y15
	MOVQ w+24(FP), R8
	MOVQ at+32(FP), R9
	MOVQ terms+40(FP), R10
	MOVQ k+48(FP), R11
	MOVQ n+56(FP), R12
	SHLQ $3, R12             // bytes
	VXORPD Y14, Y14, Y14     // gathers v − v
	VXORPD Y13, Y13, Y13
	XORQ AX, AX

wide:                        // sixteen components
	LEAQ 128(AX), BX
	CMPQ BX, R12
	JGT narrow
	MOVQ (R9), CX
	LEAQ (CX)(CX*2), CX
	MOVQ (R11)(CX*8), DX
	VBROADCASTSD (R8), Y8
	ADDQ AX, DX
	VMULPD (DX), Y8, Y0
	VMULPD 32(DX), Y8, Y1
	VMULPD 64(DX), Y8, Y2
	VMULPD 96(DX), Y8, Y3
	MOVQ $1, BX
	CMPQ BX, R10
	JGE widefinish

wideterms:
	MOVQ (R9)(BX*8), CX
	LEAQ (CX)(CX*2), CX
	MOVQ (R11)(CX*8), DX
	VBROADCASTSD (R8)(BX*8), Y8
	ADDQ AX, DX
	VMULPD (DX), Y8, Y4
	VMULPD 32(DX), Y8, Y5
	VMULPD 64(DX), Y8, Y6
	VMULPD 96(DX), Y8, Y7
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	VADDPD Y6, Y2, Y2
	VADDPD Y7, Y3, Y3
	INCQ BX
	CMPQ BX, R10
	JLT wideterms

widefinish:
	VMULPD Y15, Y0, Y0
	VMULPD Y15, Y1, Y1
	VMULPD Y15, Y2, Y2
	VMULPD Y15, Y3, Y3
	TESTQ SI, SI
	JZ widestore
	VADDPD (SI)(AX*1), Y0, Y0
	VADDPD 32(SI)(AX*1), Y1, Y1
	VADDPD 64(SI)(AX*1), Y2, Y2
	VADDPD 96(SI)(AX*1), Y3, Y3

widestore:
	VMOVUPD Y0, (DI)(AX*1)
	VMOVUPD Y1, 32(DI)(AX*1)
	VMOVUPD Y2, 64(DI)(AX*1)
	VMOVUPD Y3, 96(DI)(AX*1)
	VSUBPD Y0, Y0, Y0
	VSUBPD Y1, Y1, Y1
	VSUBPD Y2, Y2, Y2
	VSUBPD Y3, Y3, Y3
	VORPD Y0, Y1, Y0
	VORPD Y2, Y3, Y2
	VORPD Y0, Y14, Y14
	VORPD Y2, Y13, Y13
	ADDQ $128, AX
	JMP wide

narrow:                      // four components
	LEAQ 32(AX), BX
	CMPQ BX, R12
	JGT pair
	MOVQ (R9), CX
	LEAQ (CX)(CX*2), CX
	MOVQ (R11)(CX*8), DX
	VBROADCASTSD (R8), Y8
	VMULPD (DX)(AX*1), Y8, Y0
	MOVQ $1, BX
	CMPQ BX, R10
	JGE narrowfinish

narrowterms:
	MOVQ (R9)(BX*8), CX
	LEAQ (CX)(CX*2), CX
	MOVQ (R11)(CX*8), DX
	VBROADCASTSD (R8)(BX*8), Y8
	VMULPD (DX)(AX*1), Y8, Y4
	VADDPD Y4, Y0, Y0
	INCQ BX
	CMPQ BX, R10
	JLT narrowterms

narrowfinish:
	VMULPD Y15, Y0, Y0
	TESTQ SI, SI
	JZ narrowstore
	VADDPD (SI)(AX*1), Y0, Y0

narrowstore:
	VMOVUPD Y0, (DI)(AX*1)
	VSUBPD Y0, Y0, Y0
	VORPD Y0, Y14, Y14
	ADDQ $32, AX
	JMP narrow

pair:                        // two components
	LEAQ 16(AX), BX
	CMPQ BX, R12
	JGT single
	MOVQ (R9), CX
	LEAQ (CX)(CX*2), CX
	MOVQ (R11)(CX*8), DX
	VMOVDDUP (R8), X8
	VMULPD (DX)(AX*1), X8, X0
	MOVQ $1, BX
	CMPQ BX, R10
	JGE pairfinish

pairterms:
	MOVQ (R9)(BX*8), CX
	LEAQ (CX)(CX*2), CX
	MOVQ (R11)(CX*8), DX
	VMOVDDUP (R8)(BX*8), X8
	VMULPD (DX)(AX*1), X8, X4
	VADDPD X4, X0, X0
	INCQ BX
	CMPQ BX, R10
	JLT pairterms

pairfinish:
	VMULPD X15, X0, X0
	TESTQ SI, SI
	JZ pairstore
	VADDPD (SI)(AX*1), X0, X0

pairstore:
	VMOVUPD X0, (DI)(AX*1)
	VSUBPD X0, X0, X0
	VORPD Y0, Y14, Y14
	ADDQ $16, AX

single:                      // one component
	CMPQ AX, R12
	JGE done
	MOVQ (R9), CX
	LEAQ (CX)(CX*2), CX
	MOVQ (R11)(CX*8), DX
	VMOVSD (R8), X8
	VMULSD (DX)(AX*1), X8, X0
	MOVQ $1, BX
	CMPQ BX, R10
	JGE singlefinish

singleterms:
	MOVQ (R9)(BX*8), CX
	LEAQ (CX)(CX*2), CX
	MOVQ (R11)(CX*8), DX
	VMOVSD (R8)(BX*8), X8
	VMULSD (DX)(AX*1), X8, X4
	VADDSD X4, X0, X0
	INCQ BX
	CMPQ BX, R10
	JLT singleterms

singlefinish:
	VMULSD X15, X0, X0
	TESTQ SI, SI
	JZ singlestore
	VADDSD (SI)(AX*1), X0, X0

singlestore:
	VMOVSD X0, (DI)(AX*1)
	VSUBSD X0, X0, X0
	VMOVQ X0, X0
	VORPD Y0, Y14, Y14

done:
	VORPD Y13, Y14, Y14
	VEXTRACTF128 $1, Y14, X0
	VORPD X0, X14, X14
	VUNPCKHPD X14, X14, X1
	VADDSD X1, X14, X14
	VMOVSD X14, bad+64(FP)
	VZEROUPPER
	RET

// func squareAVX2(err, y0, y1 *float64, rtol, atol float64, n int, lanes *[4]float64)
TEXT ·squareAVX2(SB), NOSPLIT, $0-56
	MOVQ err+0(FP), DI
	MOVQ y0+8(FP), SI
	MOVQ y1+16(FP), DX
	VBROADCASTSD rtol+24(FP), Y15
	VBROADCASTSD atol+32(FP), Y14
	MOVQ n+40(FP), R12
	MOVQ lanes+48(FP), R8
	SHLQ $3, R12
	VPCMPEQQ Y13, Y13, Y13
	VPSRLQ $1, Y13, Y13      // mask of |x|
	VXORPD Y0, Y0, Y0
	XORQ AX, AX

squares:
	CMPQ AX, R12
	JGE squaresdone
	VANDPD (SI)(AX*1), Y13, Y1
	VANDPD (DX)(AX*1), Y13, Y2
	VMAXPD Y2, Y1, Y1
	VMULPD Y15, Y1, Y1
	VADDPD Y14, Y1, Y1
	VMOVUPD (DI)(AX*1), Y3
	VDIVPD Y1, Y3, Y3
	VMULPD Y3, Y3, Y3
	VADDPD Y3, Y0, Y0
	ADDQ $32, AX
	JMP squares

squaresdone:
	VMOVUPD Y0, (R8)
	VZEROUPPER
	RET

// func finiteAVX2(v *float64, n int) (bad float64)
TEXT ·finiteAVX2(SB), NOSPLIT, $0-24
	MOVQ v+0(FP), SI
	MOVQ n+8(FP), R12
	SHLQ $3, R12
	VXORPD Y14, Y14, Y14
	XORQ AX, AX

finitewide:
	LEAQ 32(AX), BX
	CMPQ BX, R12
	JGT finitesingle
	VMOVUPD (SI)(AX*1), Y0
	VSUBPD Y0, Y0, Y0
	VORPD Y0, Y14, Y14
	ADDQ $32, AX
	JMP finitewide

finitesingle:
	CMPQ AX, R12
	JGE finitedone
	VMOVSD (SI)(AX*1), X0
	VSUBSD X0, X0, X0
	VMOVQ X0, X0
	VORPD Y0, Y14, Y14
	ADDQ $8, AX
	JMP finitesingle

finitedone:
	VEXTRACTF128 $1, Y14, X0
	VORPD X0, X14, X14
	VUNPCKHPD X14, X14, X1
	VADDSD X1, X14, X14
	VMOVSD X14, bad+16(FP)
	VZEROUPPER
	RET
