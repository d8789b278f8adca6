Feature: A family's money reaches their bank once, and another bank only when two people say so

  Background:
    Given a mother is paid an advance through her bank

  Scenario: A happy day
    When her award is released
    And her bank takes the payment
    Then she is paid once
    And the books balance

  Scenario: Too little money waits, and is sent by itself when the money is there
    Given the payout balance is too low
    When her award is released
    Then finance is asked to top up the payout balance, and nothing is paid
    When the payout balance is topped up
    And her bank takes the payment
    Then she is paid once
    And the books balance

  Scenario: Sent back: the family is told, and another account is paid only after two fresh approvals
    Given everybody's phone is on
    When her award is released
    And her bank takes the payment
    And her bank sends it back
    Then she reads that it came back, is kept for her, and who calls
    And the money is set aside for her again
    When she gives another account and Ben sends it again
    Then nothing is sent before two people approve the new account
    When Ben and Carla approve the new account
    And her bank takes the payment
    Then she is paid once
    And the books balance

  Scenario: Stopped on its way
    When her award is released
    And Ben stops the payment
    Then nothing is paid, and Ben may send it again
    And the books balance

  Scenario: The bank was faster
    When her award is released
    And Ben stops the payment that her bank has taken that moment
    Then he is told that it is too late
    And she is paid once
    And the books balance

  Scenario: Stripe has not enabled payouts: one task for all, and nothing is asked again in silence
    Given Stripe has not enabled payouts
    When her award is released
    Then finance reads what to ask of Stripe, and one payment was tried
    When Stripe enables them and Ben sends what waits
    And her bank takes the payment
    Then she is paid once
