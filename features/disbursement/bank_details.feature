Feature: A payee tells Stripe, and never us, where the money goes

  Scenario: A mother who agreed to Stripe gives her bank account there, and is paid
    Given a mother is paid an advance through her bank
    And everybody's phone is on
    And Stripe does not know her bank account yet
    When her award is released
    Then nothing is sent, and her page asks where the money goes
    And she reads once that one step is left, and nothing of what it is about
    When she types her bank account at Stripe and comes back
    Then her page thanks her
    When her bank takes the payment
    Then she is paid once
    And the books balance
